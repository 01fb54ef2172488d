import { useId } from "react";

interface SliderProps {
  label: string;
  /** The value with its unit. */
  text: string;
  value: number;
  max: number;
  step: number;
  onChange: (value: number) => void;
}

export function Slider({ label, text, value, max, step, onChange }: SliderProps) {
  const id = useId();
  return (
    <div className="slider">
      <label htmlFor={id}>{label}</label>
      {/* Not an `output`: that would be a live region, and the slider says its value itself. */}
      <span className="hw-muted" aria-hidden="true">
        {text}
      </span>
      <input
        id={id}
        type="range"
        min={0}
        max={max}
        step={step}
        value={value}
        aria-valuetext={text}
        onChange={({ target }) => onChange(Number(target.value))}
      />
    </div>
  );
}
