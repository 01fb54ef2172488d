import type { Snapshot } from "@headway-run/client";
import type { ReactNode } from "react";
import { useMedia } from "../hooks/useMedia.ts";
import { figure, foundIn, type Gap, type Keyword, type Piece, percent, type Topic, weeksOf } from "../model/found.ts";
import { Bars } from "../parts/Bars.tsx";

/** What was found out, part by part as it comes. */
export function Findings({ run }: { run: Snapshot }) {
  const { keywords, topics, gaps, calendar } = foundIn(run);
  return (
    <>
      {topics && (
        <Part id="topics" title="Topics">
          <Topics topics={topics} />
        </Part>
      )}
      {gaps && gaps.length > 0 && (
        <Part id="gaps" title="Gaps" about="What competitors write about and you do not, the widest first.">
          <Gaps gaps={gaps} />
        </Part>
      )}
      {keywords && (
        <Part id="keywords" title="Keywords" about="Your strongest terms, and how often they come in 10,000 words.">
          <Keywords keywords={keywords} />
        </Part>
      )}
      {calendar && (
        <Part id="calendar" title="Calendar" about="Twelve weeks, the topics in turn.">
          <Calendar pieces={calendar} topics={topics ?? []} />
        </Part>
      )}
    </>
  );
}

function Part({ id, title, about, children }: { id: string; title: string; about?: string; children: ReactNode }) {
  return (
    <section className="hw-panel" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {about && <p className="hw-muted">{about}</p>}
      {children}
    </section>
  );
}

function Topics({ topics }: { topics: readonly Topic[] }) {
  return (
    <ul className="topics">
      {topics.map(({ id, name, terms, ours, theirs }) => (
        <li key={id}>
          <h3>{name}</h3>
          <p className="hw-muted">{terms.join(", ")}</p>
          <Bars ours={ours} theirs={theirs} most={1} text={percent} />
        </li>
      ))}
    </ul>
  );
}

function Gaps({ gaps }: { gaps: readonly Gap[] }) {
  return (
    <>
      {(["topic", "term"] as const).map((kind) => {
        const some = gaps.filter((gap) => gap.kind === kind);
        const most = Math.max(...some.map(({ theirs }) => theirs));
        return (
          some.length > 0 && (
            <div key={kind} className="stack">
              <h3>{kind === "topic" ? "Topics, as shares of the text" : "Terms, per 10,000 words"}</h3>
              <ul className="gaps">
                {some.map((gap) => (
                  <li key={gap.name}>
                    <strong>{gap.name}</strong>
                    <Bars ours={gap.ours} theirs={gap.theirs} most={most} text={(value) => figure(gap, value)} />
                  </li>
                ))}
              </ul>
            </div>
          )
        );
      })}
    </>
  );
}

function Keywords({ keywords }: { keywords: readonly Keyword[] }) {
  const compared = keywords.some(({ theirs }) => theirs !== null);
  return (
    <table className="numbers">
      <thead>
        <tr>
          <th scope="col">Keyword</th>
          <th scope="col">Times</th>
          <th scope="col">Texts</th>
          <th scope="col">Yours</th>
          {compared && <th scope="col">Theirs</th>}
        </tr>
      </thead>
      <tbody>
        {keywords.slice(0, KEYWORDS).map(({ term, count, documents, ours, theirs }) => (
          <tr key={term}>
            <th scope="row">{term}</th>
            <td>{count}</td>
            <td>{documents}</td>
            <td>{ours.toFixed(1)}</td>
            {compared && <td>{theirs?.toFixed(1)}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const KEYWORDS = 15;

interface CalendarProps {
  pieces: readonly Piece[];
  topics: readonly Topic[];
}

/** A table where there is room for it, a list where there is not. */
function Calendar(props: CalendarProps) {
  return useMedia("(min-width: 56rem)") ? <CalendarTable {...props} /> : <CalendarList {...props} />;
}

function CalendarTable({ pieces, topics }: CalendarProps) {
  return (
    <table className="calendar">
      <thead>
        <tr>
          <th scope="col">Week</th>
          <th scope="col">Date</th>
          <th scope="col">Piece</th>
          <th scope="col">Topic</th>
          <th scope="col">Why</th>
        </tr>
      </thead>
      <tbody>
        {weeksOf(pieces).map(([week, some]) =>
          some.map((piece, place) => (
            <tr key={piece.date} data-first={place === 0 || undefined}>
              {place === 0 && (
                <th scope="rowgroup" rowSpan={some.length}>
                  {week}
                </th>
              )}
              <td>{dayText(piece)}</td>
              <td>
                <strong>{piece.title}</strong>
                <small className="hw-muted">
                  {piece.format} · {piece.keyword}
                </small>
              </td>
              <td>{topicName(piece, topics)}</td>
              <td>{piece.why}</td>
            </tr>
          )),
        )}
      </tbody>
    </table>
  );
}

function CalendarList({ pieces, topics }: CalendarProps) {
  return (
    <ol className="weeks">
      {weeksOf(pieces).map(([week, some]) => (
        <li key={week}>
          <h3>Week {week}</h3>
          <ul>
            {some.map((piece) => (
              <li key={piece.date}>
                <small className="hw-muted">
                  {dayText(piece)} · {piece.format} · {topicName(piece, topics)}
                </small>
                <strong>{piece.title}</strong>
                <p>{piece.why}.</p>
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ol>
  );
}

const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });
const dayText = ({ date }: Piece): string => DAY.format(new Date(`${date}T00:00:00Z`));

function topicName({ topic }: Piece, topics: readonly Topic[]): string {
  return topics.find(({ id }) => id === topic)?.name ?? "";
}
