// Reads the three streams through one connection (and all cameras, where there are several, through another) and paints each picture on its canvas.
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

  async function follow(url, mine) {
    try {
      const answer = await fetch(url, { signal: mine.signal, cache: "no-store" });
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
    setTimeout(() => control === mine && !document.hidden && follow(url, mine), RETRY_MS);
  }

  function watch() {
    control = new AbortController();
    follow("/stream/all.mjpg", control);
    if (document.querySelector('canvas[data-kind^="camera"]')) follow("/stream/cameras.mjpg", control);
  }

  // The visitor's own camera: a picture is sent when the one before has arrived, so a slow link sends fewer.
  let sharing = null;

  function tell(words) {
    document.querySelectorAll(".cd-visitor-says").forEach((place) => (place.textContent = words));
  }

  function label(words) {
    document.querySelectorAll(".cd-visitor").forEach((button) => (button.textContent = words));
  }

  function unshare(words) {
    sharing?.getTracks().forEach((track) => track.stop());
    sharing = null;
    label("Use my camera");
    tell(words);
  }

  async function share() {
    if (!navigator.mediaDevices) return tell("the browser gives a camera to localhost and https pages only");
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
    } catch (error) {
      return tell(`the browser gave no camera: ${error.message}; allow it for this page and try again`);
    }
    sharing = stream;
    label("Stop my camera");
    tell("sending");
    const video = document.createElement("video");
    const canvas = document.createElement("canvas");
    video.muted = video.playsInline = true;
    video.srcObject = stream;
    await video.play();
    let query = "?begin=1";
    while (sharing === stream) {
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      canvas.getContext("2d").drawImage(video, 0, 0);
      const body = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
      try {
        const headers = { "X-Camdrift": "visitor", "Content-Type": "image/jpeg" };
        const answer = await fetch(`/visitor/frame${query}`, { method: "POST", headers, body });
        if (answer.status === 409) return unshare("another source was chosen");
        if (!answer.ok) return unshare(await answer.text());
        query = "";
      } catch (error) {
        await new Promise((done) => setTimeout(done, RETRY_MS));
      }
      await new Promise((done) => setTimeout(done, 30));
    }
  }

  document.addEventListener("click", (event) => {
    if (!event.target.closest?.(".cd-visitor")) return;
    if (sharing) unshare("");
    else share();
  });

  // The settings and the tab are in the address, so that it can be shared; the server says what the settings are.
  function address() {
    const link = document.querySelector(".cd-address a")?.getAttribute("href");
    if (!link) return; // the page is not loaded yet: what its link asks for must be read first
    const tab = document.querySelector('.cd-tabs [role="tab"][aria-selected="true"]')?.textContent.trim();
    const place = tab && tab !== "Live" ? `#tab=${tab.toLowerCase()}&${link.slice(1)}` : link;
    if (place !== location.hash) history.replaceState(null, "", place);
    document.body.dataset.tab = (tab || "Live").toLowerCase();
  }

  setInterval(address, 300);
  document.addEventListener("click", () => setTimeout(address, 0));
  window.addEventListener("hashchange", () => location.reload());

  // Keys, where no widget has a use for them.
  const KEYS = {
    " ": ".cd-pause",
    ArrowRight: ".cd-eps-up",
    ArrowUp: ".cd-eps-up",
    ArrowLeft: ".cd-eps-down",
    ArrowDown: ".cd-eps-down",
  };
  const TAKEN = "input, textarea, select, button, summary, a, [contenteditable], [role]:not(img)";

  document.addEventListener("keydown", (event) => {
    const place = KEYS[event.key];
    if (!place || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target !== document.body && event.target.closest?.(TAKEN)) return;
    event.preventDefault();
    document.querySelector(`button${place}, ${place} button`)?.click();
  });

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) control?.abort();
    else watch();
  });
  window.addEventListener("pagehide", () => control?.abort());
  if (!document.hidden) watch();
}
