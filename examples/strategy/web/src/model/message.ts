/** The messages of the status endpoint and the stream: `{event, data}`, looked at before they are believed. */

const EVENTS = ["progress", "complete", "error", "educational", "status"] as const;

export interface EducationalContent {
  number: number;
  title: string;
  content: string;
}

export interface Message {
  event: (typeof EVENTS)[number];
  data: {
    /** 1 to `total_steps`. */
    step: number;
    total_steps: number;
    /** Percent. */
    progress: number;
    message: string;
    educational_content?: EducationalContent;
    error?: string;
    timestamp: string;
    run_id: string;
    status: string;
  };
}

/**
 * Return a message that is one.
 *
 * @throws TypeError saying what is wrong with it.
 */
export function parseMessage(value: unknown): Message {
  const { event, data } = record(value, "message");
  if (!EVENTS.some((one) => one === event)) throw wrong("event", event);
  const fields = record(data, "data");
  const total = number(fields, "total_steps", 1, 100);
  number(fields, "step", 1, total);
  number(fields, "progress", 0, 100);
  for (const name of ["message", "run_id", "status"]) text(fields, name);
  if (Number.isNaN(Date.parse(text(fields, "timestamp")))) throw wrong("timestamp", fields["timestamp"]);
  if (fields["error"] !== undefined) text(fields, "error");
  if (fields["educational_content"] !== undefined) lesson(fields["educational_content"]);
  return value as Message;
}

function lesson(value: unknown): void {
  const fields = record(value, "educational_content");
  number(fields, "number", 1, Number.MAX_SAFE_INTEGER);
  text(fields, "title");
  text(fields, "content");
}

function record(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(name, value);
  return value as Record<string, unknown>;
}

function text(fields: Record<string, unknown>, name: string): string {
  const value = fields[name];
  if (typeof value !== "string") throw wrong(name, value);
  return value;
}

function number(fields: Record<string, unknown>, name: string, least: number, most: number): number {
  const value = fields[name];
  if (typeof value !== "number" || !(value >= least && value <= most)) throw wrong(name, value);
  return value;
}

function wrong(name: string, value: unknown): TypeError {
  return new TypeError(`a message with ${name} ${JSON.stringify(value) ?? "missing"} is none`);
}
