module git.harbourline.example/platform/envelope

go 1.23.0
