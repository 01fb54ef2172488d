import { createPolling } from "@headway-run/client/faces";

/** Write a strategy; ask how it stands every ten seconds. Returns how to stop asking. */
export async function write(
  topic: string,
  bar: HTMLProgressElement,
  say: (text: string) => void,
): Promise<() => void> {
  const { start, stop } = createPolling({
    baseUrl: "/headway",
    onStatus: ({ progress }) => {
      if (progress.percent !== null) bar.value = progress.percent;
    },
    onStillRunning: () => say("It is still being written. You may close this page: it goes on."),
    onEnd: ({ status }) => say(status === "succeeded" ? "It is ready." : "It could not be written."),
    onFailure: ({ message }) => say(message),
  });
  const id = await start("strategy", { topic }, { key: crypto.randomUUID() });
  sessionStorage.setItem("strategy", id); // after a reload: `watch(id)`
  return stop;
}
