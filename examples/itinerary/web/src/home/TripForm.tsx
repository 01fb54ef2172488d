import { useCommand, useHeadway } from "@headway-run/react";
import { Problem } from "@headway-run/react/components";
import { count } from "@headway-run/react/words";
import { type FormEvent, useState } from "react";
import { createTrip, RequestError } from "../api.ts";
import {
  addStay,
  CITIES_MAX,
  type City,
  changeStay,
  DAYS_MAX,
  type Draft,
  firstDraft,
  INTERESTS,
  isoDate,
  PACES,
  problemOf,
  removeStay,
  toggleInterest,
  totalDays,
} from "../model/draft.ts";
import { tripHref } from "../model/route.ts";
import { TripIcon } from "../parts/TripIcon.tsx";
import { StayRow } from "./StayRow.tsx";

export function TripForm({ cities }: { cities: readonly City[] }) {
  const headway = useHeadway();
  const [draft, setDraft] = useState(() => firstDraft(cities, new Date()));
  const { pending, trouble, send } = useCommand();
  const problem = problemOf(draft);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (problem || pending) return;
    const create = () => createTrip(draft).catch(sayWhatIsKnown);
    void send(create, ({ id, snapshot }) => {
      headway.run(id, snapshot); // the days stand on the next page before it has asked for anything
      location.hash = tripHref(id);
    });
  };

  return (
    <form className="hw-panel stack" aria-label="Trip" onSubmit={submit}>
      <Cities draft={draft} cities={cities} onChange={setDraft} />
      <label className="field">
        <span className="label">First day</span>
        <input
          type="date"
          required
          min={isoDate(new Date())}
          value={draft.start}
          onChange={({ target }) => setDraft({ ...draft, start: target.value })}
        />
      </label>
      <Choices draft={draft} onChange={setDraft} />
      {trouble && <Problem urgent>{trouble}</Problem>}
      <div className="actions">
        <button type="submit" className="hw-button" data-kind="primary" disabled={pending || problem !== null}>
          {pending ? "Starting…" : "Plan this trip"}
        </button>
        <p className={problem ? "error" : "hw-muted"} role={problem ? "alert" : undefined}>
          {problem ?? `${count(totalDays(draft), "day")} in ${count(draft.stays.length, "city", "cities")}`}
        </p>
      </div>
    </form>
  );
}

interface PartProps {
  draft: Draft;
  onChange: (draft: Draft) => void;
}

function Cities({ draft, cities, onChange }: PartProps & { cities: readonly City[] }) {
  const full = draft.stays.length >= Math.min(CITIES_MAX, cities.length) || totalDays(draft) >= DAYS_MAX;
  return (
    <fieldset className="stack">
      <legend className="label">Cities, in the order of the trip</legend>
      <ul className="stays">
        {draft.stays.map((stay, at) => (
          <StayRow
            key={stay.city}
            draft={draft}
            cities={cities}
            at={at}
            onChange={(change) => onChange(changeStay(draft, at, change))}
            onRemove={() => onChange(removeStay(draft, at))}
          />
        ))}
      </ul>
      <button
        type="button"
        className="hw-button start"
        disabled={full}
        onClick={() => onChange(addStay(draft, cities))}
      >
        <TripIcon name="plus" />
        Add a city
      </button>
    </fieldset>
  );
}

function Choices({ draft, onChange }: PartProps) {
  return (
    <>
      <fieldset>
        <legend className="label">Pace</legend>
        <div className="choices" data-wide>
          {PACES.map(({ id, name, about }) => (
            <label className="choice" key={id}>
              <input
                type="radio"
                name="pace"
                checked={draft.pace === id}
                onChange={() => onChange({ ...draft, pace: id })}
              />
              <span>
                <strong>{name}</strong>
                <small>{about}</small>
              </span>
            </label>
          ))}
        </div>
      </fieldset>
      <fieldset>
        <legend className="label">Interests, if any</legend>
        <div className="choices">
          {INTERESTS.map(({ id, name }) => (
            <label className="choice" key={id}>
              <input
                type="checkbox"
                checked={draft.interests.includes(id)}
                onChange={() => onChange(toggleInterest(draft, id))}
              />
              <span>{name}</span>
            </label>
          ))}
        </div>
      </fieldset>
    </>
  );
}

/** Without an answer it is not known whether the trip was created; say where to look. */
function sayWhatIsKnown(error: RequestError): never {
  if (error.status !== null) throw error;
  throw new RequestError(`${error.message} If the trip was started all the same, it is under “Recent trips”.`, null);
}
