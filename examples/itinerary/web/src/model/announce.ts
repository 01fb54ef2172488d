/** What those hear who do not see the page: few words, at most every five seconds, nothing twice. */

import type { Snapshot } from "@headway-run/client";
import { currentPhase, phaseTitle, wholePercent } from "./progress.ts";
import { daysOf, hasEnded, runSign } from "./status.ts";
import { count } from "./words.ts";

export const QUIET_MS = 5_000;
const QUARTERS = [25, 50, 75];

/** What of the page is worth words. */
export interface Heard {
  run: Snapshot;
  outdated: boolean;
}

/** Messages by subject; a later one on the same subject makes an earlier one pointless. */
export type News = Partial<Record<"link" | "status" | "phase" | "percent" | "failed", string>>;

export function newsBetween(before: Heard, after: Heard): News {
  const news: News = {};
  if (after.outdated !== before.outdated) {
    news.link = after.outdated ? "Connection lost. The job keeps running." : "Connection restored.";
  }
  const failed = failedDays(after.run).filter((title) => !failedDays(before.run).includes(title));
  if (failed.length > 0) news.failed = `${count(failed.length, "day")} failed: ${failed.join("; ")}.`;
  if (after.run.status !== before.run.status) news.status = statusNews(after.run);
  if (hasEnded(after.run.status)) return news;
  const phase = currentPhase(after.run);
  if (phase && phase.id !== currentPhase(before.run)?.id) news.phase = `${phaseTitle(phase)}.`;
  const quarter = quarterOf(after.run);
  if (quarter > quarterOf(before.run)) news.percent = `${quarter} % done.`;
  return news;
}

function statusNews({ status, title, cancel_requested_at }: Snapshot): string {
  return `${title}: ${runSign(status, cancel_requested_at !== null).word.toLowerCase()}.`;
}

function failedDays(run: Snapshot): string[] {
  return daysOf(run).flatMap(([, item]) => (item.status === "failed" ? [item.title] : []));
}

function quarterOf(run: Snapshot): number {
  const percent = wholePercent(run) ?? 0;
  return QUARTERS.findLast((quarter) => percent >= quarter) ?? 0;
}

export interface Speaker {
  tell(news: News): void;
  stop(): void;
}

/** Hand on what is told, joined, at most once every `QUIET_MS`. */
export function createSpeaker(say: (text: string) => void): Speaker {
  let waiting: News = {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  const speak = () => {
    const text = Object.values(waiting).join(" ");
    waiting = {};
    timer = text ? setTimeout(speak, QUIET_MS) : undefined;
    if (text) say(text);
  };
  return {
    tell(news) {
      waiting = { ...waiting, ...news };
      if (timer === undefined) speak();
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
      waiting = {};
    },
  };
}
