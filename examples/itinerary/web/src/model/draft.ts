/** The form: a trip as it is being put together. */

export const PACES = [
  { id: "relaxed", name: "Relaxed", about: "10:00 to 18:00, up to 4 places a day" },
  { id: "balanced", name: "Balanced", about: "9:00 to 19:00, up to 6 places a day" },
  { id: "full", name: "Full", about: "8:30 to 21:00, up to 8 places a day" },
] as const;

export const INTERESTS = [
  { id: "art", name: "Art" },
  { id: "history", name: "History" },
  { id: "architecture", name: "Architecture" },
  { id: "nature", name: "Nature" },
  { id: "food", name: "Food" },
  { id: "faith", name: "Faith" },
  { id: "views", name: "Views" },
  { id: "science", name: "Science" },
  { id: "life", name: "City life" },
] as const;

export type Pace = (typeof PACES)[number]["id"];
export type Interest = (typeof INTERESTS)[number]["id"];

export interface City {
  id: string;
  name: string;
  country: string;
}

export interface Stay {
  city: string;
  days: number;
}

/** Also what `POST /itineraries` takes. */
export interface Draft {
  stays: readonly Stay[];
  /** First day, `2026-12-05`. */
  start: string;
  pace: Pace;
  interests: readonly Interest[];
}

export const CITIES_MAX = 6;
export const DAYS_MAX = 14;
export const DAYS_PER_CITY_MAX = 5;

const FAVOURITES = ["paris", "rome", "lisbon"];
const DAYS_AT_FIRST = 3;

/** A trip to begin with: three cities, three days each, from a Saturday two to three weeks away. */
export function firstDraft(cities: readonly City[], today: Date): Draft {
  const known = cities.map((city) => city.id);
  const chosen = [...new Set([...FAVOURITES.filter((city) => known.includes(city)), ...known])].slice(0, 3);
  return {
    stays: chosen.map((city) => ({ city, days: DAYS_AT_FIRST })),
    start: saturdayAfter(today, 14),
    pace: "balanced",
    interests: [],
  };
}

/** The first Saturday at least so many days away, as a date input writes it. */
export function saturdayAfter(today: Date, days: number): string {
  const earliest = today.getDate() + days;
  const weekday = new Date(today.getFullYear(), today.getMonth(), earliest).getDay();
  return isoDate(new Date(today.getFullYear(), today.getMonth(), earliest + ((6 - weekday + 7) % 7)));
}

/** The local date, `2026-12-05`. */
export function isoDate(date: Date): string {
  const parts = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  return parts.map((part) => `${part}`.padStart(2, "0")).join("-");
}

/** The cities a stay may change to: its own, and those that no other stay has. */
export function choices(draft: Draft, cities: readonly City[], own?: string): City[] {
  const taken = new Set(draft.stays.map((stay) => stay.city));
  return cities.filter((city) => city.id === own || !taken.has(city.id));
}

export function addStay(draft: Draft, cities: readonly City[]): Draft {
  const [city] = choices(draft, cities);
  if (!city || draft.stays.length >= CITIES_MAX) return draft;
  const left = DAYS_MAX - totalDays(draft);
  return { ...draft, stays: [...draft.stays, { city: city.id, days: Math.max(1, Math.min(2, left)) }] };
}

export function changeStay(draft: Draft, at: number, change: Partial<Stay>): Draft {
  return { ...draft, stays: draft.stays.map((stay, index) => (index === at ? { ...stay, ...change } : stay)) };
}

export function removeStay(draft: Draft, at: number): Draft {
  return { ...draft, stays: draft.stays.filter((_, index) => index !== at) };
}

export function toggleInterest(draft: Draft, interest: Interest): Draft {
  const chosen = new Set(draft.interests);
  if (!chosen.delete(interest)) chosen.add(interest);
  return { ...draft, interests: INTERESTS.map(({ id }) => id).filter((id) => chosen.has(id)) };
}

export function totalDays(draft: Draft): number {
  return draft.stays.reduce((sum, stay) => sum + stay.days, 0);
}

/** Return what keeps this trip from being planned, or null. */
export function problemOf(draft: Draft): string | null {
  const days = totalDays(draft);
  if (days > DAYS_MAX) return `${days} days are too many: at most ${DAYS_MAX} are planned at once. Shorten a stay.`;
  if (!draft.start) return "Choose the first day of the trip.";
  return null;
}
