import { Icon } from "@headway-run/react/components";
import { count } from "@headway-run/react/words";
import { type City, choices, DAYS_PER_CITY_MAX, type Draft, type Stay } from "../model/draft.ts";

interface StayRowProps {
  draft: Draft;
  cities: readonly City[];
  at: number;
  onChange: (change: Partial<Stay>) => void;
  onRemove: () => void;
}

const LENGTHS = Array.from({ length: DAYS_PER_CITY_MAX }, (_, index) => index + 1);

/** One city of the form, and how many days it gets. */
export function StayRow({ draft, cities, at, onChange, onRemove }: StayRowProps) {
  const stay = draft.stays[at] as Stay;
  const name = cities.find((city) => city.id === stay.city)?.name ?? stay.city;
  return (
    <li className="stay">
      <select
        aria-label={`City ${at + 1}`}
        value={stay.city}
        onChange={({ target }) => onChange({ city: target.value })}
      >
        {choices(draft, cities, stay.city).map((city) => (
          <option key={city.id} value={city.id}>
            {city.name}
          </option>
        ))}
      </select>
      <select
        aria-label={`Days in ${name}`}
        value={stay.days}
        onChange={({ target }) => onChange({ days: Number(target.value) })}
      >
        {LENGTHS.map((days) => (
          <option key={days} value={days}>
            {count(days, "day")}
          </option>
        ))}
      </select>
      <button
        type="button"
        className="hw-button"
        data-kind="quiet"
        aria-label={`Remove ${name}`}
        disabled={draft.stays.length === 1}
        onClick={onRemove}
      >
        <Icon name="cross" />
      </button>
    </li>
  );
}
