"""The page of a preference study: its HTML, style and script, with a place for the data.

Enters: nothing. Leaves: text in which `/*DATA*/null` is to be replaced. What a reviewer sees is
drawn anew each time: which shots, in which order, and the results of each shuffled.
"""

from __future__ import annotations

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Which removal is best?</title>
<meta name="viewport" content="width=device-width"><style>
body { font: 16px/1.45 system-ui, "DejaVu Sans", sans-serif; margin: 1.5rem auto;
  max-width: 1240px; padding: 0 1rem; color: #1b1b1b; background: #fff }
h1 { font-size: 1.35rem } video { width: 100%; display: block; background: #000 }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(280px, 1fr)); gap: 1rem }
.grid button { display: block; width: 100%; padding: .5rem; font: inherit; cursor: pointer }
.card { border: 3px solid transparent; padding: 4px }
.card.on { border-color: #0072b2 } .source { max-width: 384px } nav { margin: 1.2rem 0 }
nav button { font: inherit; padding: .5rem 1.2rem }
</style></head><body><main></main><script>
"use strict";
const DATA = /*DATA*/null;
const main = document.querySelector("main");
function shuffled(list) {
  const copy = list.slice();
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [copy[i], copy[j]] = [copy[j], copy[i]];
  }
  return copy;
}
function node(tag, more, ...inner) {
  const made = Object.assign(document.createElement(tag), more);
  made.append(...inner);
  return made;
}
function film(src) {
  return node("video", {src, autoplay: true, loop: true, muted: true, playsInline: true,
                        controls: true});
}
const shots = shuffled(DATA.shots).slice(0, DATA.each);
const answers = [];
function begin() {
  const who = node("input", {id: "who", placeholder: "your name or initials"});
  const go = node("button", {textContent: "Begin"});
  go.onclick = () => ask(0, who.value);
  main.replaceChildren(
    node("h1", {textContent: "Which removal is best?"}),
    node("p", {textContent: "You see " + shots.length + " scenes. In each a thing was removed, " +
      "with all that it did to the scene. Choose the result that looks most as if the thing had " +
      "never been there: nothing left over, nothing broken, and everything else doing what it " +
      "would have done."}),
    node("nav", {}, who, " ", go));
}
function ask(index, who) {
  if (index === shots.length) { finish(who); return; }
  const shot = shots[index], order = shuffled(Object.keys(shot.results));
  let choice = null;
  const next = node("button", {textContent: "Next", disabled: true, id: "next"});
  next.onclick = () => { answers.push({shot: shot.shot, order, choice}); ask(index + 1, who); };
  const grid = node("div", {className: "grid"});
  order.forEach((name, place) => {
    const pick = node("button", {textContent: "Result " + (place + 1) + " is best"});
    const card = node("div", {className: "card"}, film(shot.results[name]), pick);
    pick.onclick = () => {
      choice = name; next.disabled = false;
      grid.querySelectorAll(".card").forEach(each => each.classList.toggle("on", each === card));
    };
    grid.append(card);
  });
  const title = node("h1", {textContent: "Scene " + (index + 1) + " of " + shots.length});
  const parts = [title];
  if (shot.source) {
    parts.push(node("p", {textContent: "As it was filmed:"}),
               node("div", {className: "source"}, film(shot.source)),
               node("p", {textContent: "After the removal:"}));
  }
  main.replaceChildren(...parts, grid, node("nav", {}, next));
  window.scrollTo(0, 0);
}
function finish(reviewer) {
  const text = JSON.stringify({schema: DATA.schema, reviewer, answers}, null, 1);
  const save = node("a", {textContent: "Save your answers", download: "answers.json",
    id: "save", href: "data:application/json;charset=utf-8," + encodeURIComponent(text)});
  main.replaceChildren(node("h1", {textContent: "Thank you"}),
    node("p", {textContent: "Save the file and send it to whoever asked you."}), save);
}
begin();
</script></body></html>
"""
