import { type ReactNode, useId } from 'react';

export interface SegmentOption<Value extends string | number> {
  readonly value: Value;
  readonly label: ReactNode;
  /** What a screen reader says instead of the label. */
  readonly name?: string;
}

interface SegmentedProps<Value extends string | number> {
  readonly legend: string;
  readonly options: readonly SegmentOption<Value>[];
  readonly value: Value | null;
  readonly onChange: (value: Value) => void;
  readonly showLegend?: boolean;
  readonly className?: string;
}

/** One of a few, all of them in sight. Real radio buttons: arrows, labels and names come with them. */
export function Segmented<Value extends string | number>(props: SegmentedProps<Value>) {
  const { legend, options, value, onChange, showLegend = false, className = '' } = props;
  const name = useId();
  return (
    <fieldset className={`seg-field ${className}`}>
      <legend className={showLegend ? 'label' : 'sr-only'}>{legend}</legend>
      <div className="seg">
        {options.map((option) => (
          <label key={option.value} className="seg-item">
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={value === option.value}
              onChange={() => onChange(option.value)}
              {...(option.name === undefined ? {} : { 'aria-label': option.name })}
            />
            <span>{option.label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
