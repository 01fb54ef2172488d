/** What those hear who do not see the page: few words, at most every five seconds, nothing twice. */

import type { Snapshot } from "@headway-run/client";
import { currentPhase, type PhaseTitles, phaseTitle, wholePercent } from "./progress.ts";
import { hasEnded, runSign } from "./status.ts";
import { count } from "./time.ts";

export const QUIET_MS = 5_000;
const QUARTERS = [25, 50, 75];

/** What of the page is worth words. */
export interface Heard {
  run: Snapshot;
  /** What is shown is old, and the page says so. */
  outdated: boolean;
}

/** Messages by subject; a later one on the same subject makes an earlier one pointless. */
export type News = Partial<Record<"connection" | "status" | "phase" | "percent" | "failed", string>>;

export interface NewsWords {
  /** What a run's status is called, as for `runSign`. */
  statuses?: Parameters<typeof runSign>[2] | undefined;
  phases?: PhaseTitles | undefined;
}

export function newsBetween(before: Heard, after: Heard, { phases, statuses }: NewsWords = {}): News {
  const news: News = {};
  if (after.outdated !== before.outdated) {
    news.connection = after.outdated ? "Connection lost. The job keeps running." : "Connection restored.";
  }
  const failed = failures(after.run).filter(([key]) => before.run.items[key]?.status !== "failed");
  if (failed.length > 0) {
    const [, { kind }] = failed[0] as (typeof failed)[0];
    news.failed = `${count(failed.length, kind || "item")} failed: ${failed.map(([, { title }]) => title).join("; ")}.`;
  }
  const { status, title, cancel_requested_at } = after.run;
  if (status !== before.run.status) {
    news.status = `${title || "The run"}: ${runSign(status, cancel_requested_at !== null, statuses).word.toLowerCase()}.`;
  }
  if (hasEnded(status)) return status === "succeeded" ? { ...news, percent: "100 % done." } : news;
  const phase = currentPhase(after.run);
  if (phase && phase.id !== currentPhase(before.run)?.id) news.phase = `${phaseTitle(phase, phases)}.`;
  const quarter = quarterOf(after.run);
  if (quarter > quarterOf(before.run)) news.percent = `${quarter} % done.`;
  return news;
}

/** Items below another are part of it. */
function failures({ items }: Snapshot): [key: string, item: Snapshot["items"][string]][] {
  return Object.entries(items).filter(([, { parent, status }]) => status === "failed" && parent === null);
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
