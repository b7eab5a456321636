// A chart of days: what came in, as bars. The same figures are in a table, for who can't see it.
import { useEffect, useRef } from 'preact/hooks';
import { date, dayStart, money, number } from '../format';
import { useStore } from '../store';
import { t } from '../text';
import { useLanguage } from '../text-hooks';
import { theme } from '../theme';

export interface Day {
  day: string;
  received_poisha: number;
  paid: number;
}

const HEIGHT = 220;
const tone = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// 12,34,000 taka as a short mark of the axis.
function mark(taka: number): string {
  return taka >= 10_000_000 ? `${number(Math.round(taka / 1_000_000) / 10)} ${t('payments.crore')}`
    : taka >= 100_000 ? `${number(Math.round(taka / 10_000) / 10)} ${t('payments.lakh')}` : number(Math.round(taka));
}

async function draw(element: HTMLElement, days: readonly Day[]): Promise<() => void> {
  const [{ default: Plot }] = await Promise.all([import('uplot'), import('uplot/dist/uPlot.min.css')]);
  const axis = { stroke: tone('--soft'), grid: { stroke: tone('--line'), width: 1 }, ticks: { show: false }, font: `12px ${tone('--sans')}` };
  const plot = new Plot({
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    padding: [12, 12, 0, 0],
    scales: { x: { time: false, range: [-0.5, days.length - 0.5] }, y: { range: (_, __, max) => [0, Math.max(max * 1.1, 1)] } },
    axes: [
      { ...axis, grid: { show: false }, size: 30, space: 80, incrs: [1, 2, 5, 7, 10, 15, 30],
        values: (_, splits) => splits.map((i) => (days[i] ? date(dayStart(days[i].day)).replace(/ \S+$/, '') : '')) },
      { ...axis, size: 72, values: (_, splits) => splits.map(mark) },
    ],
    series: [{}, { fill: tone('--accent'), stroke: tone('--accent'), width: 0, paths: Plot.paths.bars?.({ size: [0.7, 40], radius: 0.15 }), points: { show: false } }],
  }, [days.map((_, i) => i), days.map((day) => day.received_poisha / 100)], element);
  const watch = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
  watch.observe(element);
  return () => {
    watch.disconnect();
    plot.destroy();
  };
}

export function Days({ days }: { days: readonly Day[] }) {
  const place = useRef<HTMLDivElement>(null);
  const language = useLanguage();
  const looks = useStore(theme);
  useEffect(() => {
    let gone = false;
    let end: (() => void) | undefined;
    const again = async () => {
      end?.();
      end = undefined;
      if (place.current) {
        const done = await draw(place.current, days);
        if (gone) {
          done();
        } else {
          end = done;
        }
      }
    };
    void again();
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const changed = () => void again();
    dark.addEventListener('change', changed);
    return () => {
      gone = true;
      dark.removeEventListener('change', changed);
      end?.();
    };
  }, [days, language, looks]);
  return (
    <>
      <div ref={place} class="chart" aria-hidden="true" />
      <div class="unseen"><table>
        <caption>{t('overview.by_day')}</caption>
        <thead><tr><th scope="col">{t('payments.day')}</th><th scope="col">{t('overview.received')}</th><th scope="col">{t('overview.paid')}</th></tr></thead>
        <tbody>{days.filter((day) => day.paid > 0).map((day) => (
          <tr key={day.day}><th scope="row">{date(dayStart(day.day))}</th><td>{money(day.received_poisha)}</td><td>{number(day.paid)}</td></tr>
        ))}</tbody>
      </table></div>
    </>
  );
}
