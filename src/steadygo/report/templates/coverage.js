"use strict";
(() => {
  const places = [...document.querySelectorAll(".code tr[id]")];
  const go = (place) => {
    const fold = place.closest("details");
    if (fold) fold.open = true;
    place.focus({ preventScroll: true });
    place.scrollIntoView({ block: "center" });
  };
  const steer = document.getElementById("steer");
  if (steer && places.length) {
    steer.hidden = false;
    let at = -1;
    document.addEventListener("focusin", (event) => {
      const found = places.indexOf(event.target);
      if (found >= 0) at = found;
    });
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || !["n", "p"].includes(event.key)) return;
      at = (at + (event.key === "n" ? 1 : -1) + places.length) % places.length;
      go(places[at]);
    });
  }
  const reveal = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target && target.matches("tr")) go(target);
    else if (target && target.matches("details")) target.open = true;
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();
})();
