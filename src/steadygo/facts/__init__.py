"""What readers state about artefacts: frozen, small, each with its place. Nothing here reads files or calls tools."""
