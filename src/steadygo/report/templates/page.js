"use strict";
(() => {
  const form = document.getElementById("filter");
  const articles = [...document.querySelectorAll("article")];
  if (form) {
    const count = document.getElementById("count");
    const texts = new Map(articles.map((a) => [a, a.textContent.toLowerCase()]));
    const apply = () => {
      const words = form.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
      const grades = new Set([...form.querySelectorAll("input[type=checkbox]:checked")].map((box) => box.value));
      let shown = 0;
      for (const article of articles) {
        const keep = grades.has(article.dataset.severity) && words.every((word) => texts.get(article).includes(word));
        article.hidden = !keep;
        shown += keep;
      }
      for (const group of document.querySelectorAll(".chapter, .group")) {
        group.hidden = !group.querySelector("article:not([hidden])");
      }
      for (const more of document.querySelectorAll("details.more")) {
        const found = more.querySelector("article:not([hidden])");
        more.hidden = !found;
        more.open = words.length > 0 && Boolean(found);
      }
      count.textContent = shown === articles.length ? "" : `${shown} of ${articles.length} shown`;
    };
    form.hidden = false;
    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    apply();
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[href^='#f-']");
      if (!link) return;
      const target = document.getElementById(link.getAttribute("href").slice(1));
      if (target && target.hidden) {
        form.reset();
        apply();
      }
      const more = target && target.closest("details.more");
      if (more) more.open = true;
      const marked = new Set((link.dataset.findings || "").split(" ").map((n) => `f-${n}`));
      for (const article of articles) article.classList.toggle("hot", marked.has(article.id));
      if (target) setTimeout(() => target.querySelector("a").focus({ preventScroll: true }));
    });
  }
})();
