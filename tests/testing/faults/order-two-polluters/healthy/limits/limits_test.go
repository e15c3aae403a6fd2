package limits

import "testing"

func spend(t *testing.T, tenant string, times int) {
	t.Helper()
	for n := 0; n < times; n++ {
		Allow(tenant)
	}
}

func TestFirstRequestPasses(t *testing.T) {
	reset()
	defer reset()
	if !Allow("first") {
		t.Fatal("refused")
	}
}

func TestTenantRunsDry(t *testing.T) {
	reset()
	defer reset()
	spend(t, "dry", 6)
	if Allow("dry") {
		t.Fatal("a seventh request passed")
	}
}

func TestKnownCanBeAskedTwice(t *testing.T) {
	if Known() != Known() {
		t.Fatal(Known())
	}
}

func TestBucketHoldsTokens(t *testing.T) {
	if b := (bucket{left: 6}); b.left != 6 {
		t.Fatal(b)
	}
}

func TestBurstOfOneTenant(t *testing.T) {
	reset()
	defer reset()
	for n := 0; n < 4; n++ {
		Allow("burst")
	}
	if Known() == 0 {
		t.Fatal("nobody is known")
	}
}

func TestOtherTenantStillPasses(t *testing.T) {
	reset()
	defer reset()
	if !Allow("other") {
		t.Fatal("the other tenant was refused")
	}
}
