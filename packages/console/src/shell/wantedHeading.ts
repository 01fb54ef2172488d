/** Whether the heading of the page is to have the focus: after one has gone there, until one does something else. */

let wanted = false;

export function isHeadingWanted(): boolean {
  return wanted;
}

export function wantHeading(): void {
  wanted = true;
}

for (const sign of ["keydown", "pointerdown"]) {
  addEventListener(
    sign,
    () => {
      wanted = false;
    },
    { capture: true, passive: true },
  );
}
