// Reads the three streams through one connection and paints each picture on its canvas.
//
// One connection, because a browser opens six to a server at most over all its tabs: with an <img> for
// each stream the second tab would get no answer any more. A hidden page lets go of the stream, so
// that the work behind it can rest.
() => {
  const RETRY_MS = 1000;
  const text = new TextDecoder();
  let control = null;
  let lost = false;

  function canvases(kind) {
    return document.querySelectorAll(`canvas[data-kind="${kind}"]`);
  }

  function say(words) {
    document.querySelectorAll(".cd-lost").forEach((place) => (place.textContent = words));
  }

  async function paint(kind, jpeg) {
    const picture = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
    for (const canvas of canvases(kind)) {
      if (canvas.width !== picture.width || canvas.height !== picture.height) {
        canvas.width = picture.width;
        canvas.height = picture.height;
      }
      canvas.getContext("2d").drawImage(picture, 0, 0);
      canvas.dataset.painted = Number(canvas.dataset.painted || 0) + 1;
    }
    picture.close();
  }

  // Parts are "headers, blank line, Content-Length bytes"; what lies between them is boundary.
  async function read(body) {
    const reader = body.getReader();
    let held = new Uint8Array(0);
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const joined = new Uint8Array(held.length + value.length);
      joined.set(held);
      joined.set(value, held.length);
      held = joined;
      const painting = [];
      for (;;) {
        const head = text.decode(held.subarray(0, 512));
        const end = head.indexOf("\r\n\r\n");
        const length = /Content-Length: (\d+)/.exec(head.slice(0, end));
        if (end < 0 || !length || held.length < end + 4 + Number(length[1])) break;
        const kind = /X-Kind: (\w+)/.exec(head.slice(0, end))[1];
        const start = end + 4;
        const stop = start + Number(length[1]);
        painting.push(paint(kind, held.slice(start, stop)));
        held = held.slice(stop);
      }
      await Promise.all(painting);
    }
  }

  async function watch() {
    const mine = (control = new AbortController());
    try {
      const answer = await fetch("/stream/all.mjpg", { signal: mine.signal, cache: "no-store" });
      if (answer.status === 401) return location.reload();
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      // The server was away: its page may have changed, and its session has.
      if (lost) return location.reload();
      await read(answer.body);
    } catch (error) {
      if (mine.signal.aborted) return;
    }
    if (mine.signal.aborted) return;
    lost = true;
    say("connection lost, trying again");
    setTimeout(() => control === mine && !document.hidden && watch(), RETRY_MS);
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) control?.abort();
    else watch();
  });
  window.addEventListener("pagehide", () => control?.abort());
  if (!document.hidden) watch();
}
