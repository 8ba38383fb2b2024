/* The live stream of the station, open while the page can be seen. */

const SILENCE_MS = 3000;

/** Follow the stream. The browser connects again by itself; silence counts as lost, too.

    A hidden page lets go of it: browsers open six connections to a server at most, and somebody may have more pages open. */
export function follow({ onState, onPlan, onOpen, onLost }) {
  let source = null;
  let heardAt = performance.now();
  let open = false;
  const heard = (then) => (event) => {
    heardAt = performance.now();
    if (!open) onOpen();
    open = true;
    then(JSON.parse(event.data));
  };
  const connect = () => {
    source?.close();
    source = null;
    heardAt = performance.now();
    if (document.hidden) return;
    source = new EventSource("/api/stream");
    source.addEventListener("state", heard(onState));
    source.addEventListener("plan", heard(onPlan));
  };
  document.addEventListener("visibilitychange", connect);
  connect();
  setInterval(() => {
    const silentMs = performance.now() - heardAt;
    if (source === null || silentMs < SILENCE_MS) return;
    open = false;
    onLost(silentMs / 1000);
  }, 1000);
}
