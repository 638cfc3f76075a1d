import { type BeliefRow, formatDuration, serviceTitle } from '../../../../projections/index.ts';
import { BeliefMark } from './belief-mark.tsx';
import { beliefWord } from './words.ts';

/** Each caller's copy of the list: whom it holds, and whom it should. */
export function BeliefsTable({
  rows,
  nowUs,
}: {
  readonly rows: readonly BeliefRow[];
  readonly nowUs: number;
}) {
  return (
    <table className="rows discovery-rows">
      <caption>What each caller believes</caption>
      <thead>
        <tr>
          <th scope="col">caller</th>
          <th scope="col">its copy is</th>
          <th scope="col">for calls to</th>
          <th scope="col">it believes in</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ copy, callee, beliefs }) => (
          <tr key={`${copy.caller}/${callee}`}>
            <th scope="row">{copy.caller}</th>
            <td className="num">
              {copy.fetchedUs === null ? '–' : `${formatDuration((nowUs - copy.fetchedUs) / 1000)} old`}
            </td>
            <td>{serviceTitle(callee)}</td>
            <td className="beliefs">
              {beliefs.length === 0
                ? 'nobody'
                : beliefs.map((belief) => (
                    <BeliefMark
                      key={belief.instance}
                      verdict={belief.verdict}
                      passedOver={belief.passedOver}
                      instance={belief.instance}
                      word={beliefWord(belief)}
                    />
                  ))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
