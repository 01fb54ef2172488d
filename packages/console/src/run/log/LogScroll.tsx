import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import { many } from "../../model/words.ts";
import { Icon } from "../../parts/Icon.tsx";
import { LogLine } from "./LogLine.tsx";
import { type Line, placeOf } from "./lines.ts";

const LINE_PX = 26;
/** Nearer to the end than this is at the end. */
const END_PX = 40;
/** So long after somebody went up, what tells that the end is in sight tells of before that. */
const STALE_MS = 200;
const UP = new Set(["ArrowUp", "PageUp", "Home"]);

interface LogScrollProps {
  lines: readonly Line[];
  /** What is looked for, to be marked. */
  words: string;
  /** The line to begin at. */
  target: number | undefined;
}

/** The lines, of which only those in sight are in the page. It follows new ones as long as its end is in sight. */
export function LogScroll({ lines, words, target }: LogScrollProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(target === undefined);
  /** Seq of the last line when the end went out of sight, and when somebody wanted it to. */
  const left = useRef(0);
  const leftAt = useRef(0);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => frame.current,
    estimateSize: () => LINE_PX,
    getItemKey: (place) => lines[place]?.seq ?? place,
    overscan: 20,
  });
  const last = lines.at(-1)?.seq ?? 0;

  useEffect(() => {
    if (following && last > 0) virtual.scrollToIndex(lines.length - 1, { align: "end" });
  }, [following, last, lines.length, virtual]);

  const found = useRef<number>(undefined);
  useEffect(() => {
    if (target === undefined || found.current === target || last < target) return;
    found.current = target;
    setFollowing(false);
    left.current = last;
    virtual.scrollToIndex(placeOf(lines, target), { align: "center" });
  }, [target, last, lines, virtual]);

  /** Go up: what is scrolled is too late to tell, a line that comes meanwhile would put the end into sight again. */
  const leave = () => {
    if (!following || !frame.current || frame.current.scrollHeight <= frame.current.clientHeight) return;
    left.current = last;
    leftAt.current = performance.now();
    setFollowing(false);
  };

  const onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = frame.current ?? {
      scrollTop: 0,
      scrollHeight: 0,
      clientHeight: 0,
    };
    const atEnd = scrollHeight - scrollTop - clientHeight < END_PX;
    if (atEnd && performance.now() - leftAt.current < STALE_MS) return;
    if (following && !atEnd && !virtual.isScrolling) return;
    if (following && !atEnd) left.current = last;
    if (following !== atEnd) setFollowing(atEnd);
  };

  const follow = () => {
    leftAt.current = 0;
    setFollowing(true);
  };

  const fresh = following ? 0 : lines.length - placeOf(lines, left.current + 1);
  return (
    <div className="log-frame">
      <div
        ref={frame}
        className="log"
        role="log"
        aria-live="off"
        aria-label="Lines of the log"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by the keyboard
        tabIndex={0}
        onScroll={onScroll}
        onWheel={({ deltaY }) => deltaY < 0 && leave()}
        onKeyDown={({ key }) => UP.has(key) && leave()}
      >
        <div className="log-lines" style={{ blockSize: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, key, start }) => {
            const line = lines[index];
            return (
              line && (
                <div
                  key={key}
                  ref={virtual.measureElement}
                  data-index={index}
                  className="log-place"
                  style={{ transform: `translateY(${start}px)` }}
                >
                  <LogLine line={line} words={words} named={line.seq === target} />
                </div>
              )
            );
          })}
        </div>
      </div>
      {!following && (
        <button type="button" className="hw-button log-jump" data-small onClick={follow}>
          <Icon name="down" />
          Jump to latest{fresh > 0 && ` (${many(fresh, "new line", "new lines")})`}
        </button>
      )}
    </div>
  );
}
