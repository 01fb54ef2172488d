export interface ChoiceProps {
  name: string;
  checked: boolean;
  onChoose: () => void;
  about?: string;
  children: string;
}

/** One of several: a radio button in the form of a pill. */
export function Choice({ name, checked, onChoose, about, children }: ChoiceProps) {
  return (
    <label className="choice">
      <input type="radio" name={name} checked={checked} onChange={onChoose} />
      <span>
        {children}
        {about && <small>{about}</small>}
      </span>
    </label>
  );
}
