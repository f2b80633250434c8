// Puts new messages on top without touching those that are there: an opened
// text part stays open, a read email stays where it was scrolled to.
const list = document.getElementById("messages");
const most = 50;

async function look() {
  if (document.hidden) return;
  const answer = await fetch("/outbox/new?after=" + list.dataset.last, { cache: "no-store" });
  if (answer.status === 205) return location.reload();
  if (!answer.ok) return;
  document.getElementById("clock").textContent = answer.headers.get("Outbox-Clock");
  if (answer.status === 204) return;
  const news = document.createElement("template");
  news.innerHTML = await answer.text();
  list.prepend(news.content);
  while (list.children.length > most) list.lastElementChild.remove();
  list.dataset.last = answer.headers.get("Outbox-Last");
  document.getElementById("count").textContent = list.dataset.last;
  document.getElementById("empty").hidden = true;
}

async function again() {
  try { await look(); } catch { /* the service is restarting: ask again */ }
  setTimeout(again, 1000);
}
setTimeout(again, 1000);
