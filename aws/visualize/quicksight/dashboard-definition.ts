import type { CfnDashboard } from 'aws-cdk-lib/aws-quicksight';
import { EVENT, SHOWN } from './event-query';

/** The name of the data set within the definition. */
const EVENTS = 'events';
/** How many types and sources have a bar of their own. The others share one. */
const MOST_BARS = 20;

const column = (columnName: string) => ({ dataSetIdentifier: EVENTS, columnName });
const counted = (of: string) => [
  { categoricalMeasureField: { fieldId: `${of}-count`, column: column(EVENT), aggregationFunction: 'DISTINCT_COUNT' } },
];
const titled = (plainText: string) => ({ visibility: 'VISIBLE', formatText: { plainText } });

/** The definition of the dashboard, and of the analysis that authors start from. */
export function definitionOf(dataSetArn: string, days: number): CfnDashboard.DashboardVersionDefinitionProperty {
  const visuals = [perHour(), bars('type', 'Events by type'), bars('source', 'Events by source'), latest()];
  return {
    dataSetIdentifierDeclarations: [{ identifier: EVENTS, dataSetArn }],
    sheets: [
      {
        sheetId: EVENTS,
        name: `Events of the last ${days} days`,
        contentType: 'INTERACTIVE',
        visuals,
        layouts: [{ configuration: { gridLayout: { elements: places(['per-hour', 'by-type', 'by-source', 'latest']) } } }],
      },
    ],
  };
}

/** The grid has 36 columns: a wide visual, two beside each other, and a wide one. */
function places([top, left, right, bottom]: readonly string[]): CfnDashboard.GridLayoutElementProperty[] {
  const at = (elementId: string | undefined, rowIndex: number, columnIndex = 0, columnSpan = 36) => {
    return { elementId: elementId!, elementType: 'VISUAL', columnIndex, columnSpan, rowIndex, rowSpan: 12 };
  };
  return [at(top, 0), at(left, 12, 0, 18), at(right, 12, 18, 18), at(bottom, 24)];
}

function perHour(): CfnDashboard.VisualProperty {
  const category = [{ dateDimensionField: { fieldId: 'hour', column: column('time'), dateGranularity: 'HOUR' } }];
  return {
    lineChartVisual: {
      visualId: 'per-hour',
      title: titled('Events per hour'),
      chartConfiguration: { fieldWells: { lineChartAggregatedFieldWells: { category, values: counted('hour') } } },
    },
  };
}

function bars(of: 'type' | 'source', title: string): CfnDashboard.VisualProperty {
  const category = [{ categoricalDimensionField: { fieldId: of, column: column(of) } }];
  return {
    barChartVisual: {
      visualId: `by-${of}`,
      title: titled(title),
      chartConfiguration: {
        orientation: 'HORIZONTAL',
        fieldWells: { barChartAggregatedFieldWells: { category, values: counted(of) } },
        sortConfiguration: {
          categorySort: [{ fieldSort: { fieldId: `${of}-count`, direction: 'DESC' } }],
          categoryItemsLimit: { itemsLimit: MOST_BARS, otherCategories: 'INCLUDE' },
        },
      },
    },
  };
}

function latest(): CfnDashboard.VisualProperty {
  const values = SHOWN.map(({ name }) => ({ fieldId: `latest-${name}`, column: column(name) }));
  return {
    tableVisual: {
      visualId: 'latest',
      title: titled('Latest events'),
      chartConfiguration: {
        fieldWells: { tableUnaggregatedFieldWells: { values } },
        sortConfiguration: { rowSort: [{ fieldSort: { fieldId: 'latest-time', direction: 'DESC' } }] },
      },
    },
  };
}
