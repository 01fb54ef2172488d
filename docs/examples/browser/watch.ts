import { watchRun } from "@headway-run/client";

/** Show a run until it has ended, whatever happens to the connection. Returns how to stop. */
export function show(stream: string, bar: HTMLProgressElement, text: HTMLElement): () => void {
  return watchRun(stream, {
    onState: ({ progress, outputs }) => {
      if (progress.percent === null) bar.removeAttribute("value");
      else bar.value = progress.percent;
      text.textContent = outputs.summary?.text ?? progress.message;
    },
    onConnection: ({ state, trouble }) => {
      bar.title = state === "failed" ? (trouble?.message ?? "") : state;
    },
    onEvent: (event) => {
      if (event.type === "item.failed") console.warn(event.data.error.message);
    },
  });
}
