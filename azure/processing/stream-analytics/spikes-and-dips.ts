/**
 * A query that stores every event in the output `store`, and sends each spike and each dip of the number in `data.value` to the
 * output `alerts`. To watch another number, or with another model, copy this file.
 */
export const SPIKES_AND_DIPS = `
-- Stores every event, and sends an alert for each spike and each dip of the number in data.value.
--
-- The model learns from the last 120 values of a source, or from those of the last 10 minutes, and is 95 percent sure. It has
-- to learn first: the first values of a source, and those after a pause of 10 minutes, raise no useful alert.
--
-- Windows are of the arrival of events. For the time of events, write FROM [events] TIMESTAMP BY [time] in each place: then an
-- event whose time Azure cannot read is lost, also for the store.
-- https://learn.microsoft.com/stream-analytics-query/anomalydetection-spikeanddip-azure-stream-analytics

WITH Readings AS (
  SELECT *, TRY_CAST([data].[value] AS float) AS reading
  FROM [events]
),

Scores AS (
  SELECT
    [id], [source], [time], [subject], [data],
    AnomalyDetection_SpikeAndDip(reading, 95, 120, 'spikesanddips')
      OVER (PARTITION BY [source] LIMIT DURATION(minute, 10) WHEN reading IS NOT NULL) AS score
  FROM Readings
  WHERE reading IS NOT NULL
)

SELECT *
INTO [store]
FROM [events]

-- An alert is an event too: the same place and time, with the number in data, and the score as an attribute of its own.
SELECT
  '1.0' AS [specversion],
  CONCAT([id], '.anomaly') AS [id],
  [source],
  'com.example.anomaly' AS [type],
  [time],
  [subject],
  [data],
  CAST(GetRecordPropertyValue(score, 'Score') AS nvarchar(max)) AS [anomalyscore],
  'anomaly' AS [kind]
INTO [alerts]
FROM Scores
WHERE CAST(GetRecordPropertyValue(score, 'IsAnomaly') AS bigint) = 1
`;
