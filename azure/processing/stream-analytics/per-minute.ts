/**
 * A query that stores every event in the output `curated`, and one row for each minute, source and type in the output `served`: how
 * many events there were, and the number in `data.value`. To show another number, or another time, copy this file.
 */
export const PER_MINUTE = `
-- Stores every event, and a row for each minute of each source and type, which reports are made from.
--
-- Minutes are of the arrival of events, so each event is counted once, whatever its time is. For the time of events, write FROM
-- [events] TIMESTAMP BY [time] in each place: then an event whose time Azure cannot read is lost, also for curated.
-- https://learn.microsoft.com/stream-analytics-query/tumbling-window-azure-stream-analytics

WITH Readings AS (
  SELECT [source], [type], TRY_CAST([data].[value] AS float) AS reading
  FROM [events]
)

SELECT *
INTO [curated]
FROM [events]

-- What is no number counts as an event, and not as a reading.
SELECT
  [source],
  [type],
  System.Timestamp() AS [minute_end],
  COUNT(*) AS [total],
  COUNT(reading) AS [readings],
  MIN(reading) AS [lowest],
  AVG(reading) AS [average],
  MAX(reading) AS [highest]
INTO [served]
FROM Readings
GROUP BY [source], [type], TumblingWindow(minute, 1)
`;
