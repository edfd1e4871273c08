-- What was the weather like when a flight was meant to leave, and does it explain the delay?

-- The join goes by time_hour, which is an instant, and not by year, month, day and hour, which are local: on
-- 3 November the clocks went back, and the hour from one to two was there twice.
create table flight_weather as
select
    f.*,
    w.temp,
    w.wind_speed,
    w.precip,
    w.visib,
    -- The first line that fits wins, so the order is the order of what hurts a timetable most.
    case
        when w.origin is null                       then 'unknown'
        when w.precip > 0 and w.temp <= 34          then 'snow or ice'
        when w.precip >= 0.1                        then 'heavy rain'
        when w.precip > 0                           then 'light rain'
        when w.visib < 3                            then 'fog'
        when w.wind_speed >= 25                     then 'strong wind'
        else                                             'fair'
    end                                             as conditions,
    f.dep_time is null                              as cancelled
from flights f
left join weather w using (origin, time_hour);      -- left: a flight without weather is still a flight

-- A join with a table that has one hour twice would make flights out of nothing. Rather fail than publish that.
select case
    when (select count(*) from flight_weather) <> (select count(*) from flights)
    then error('the weather has an hour twice: ' || (select count(*) from flight_weather) || ' flights after the join')
end;

create table delay_by_weather as
select
    origin,
    conditions,
    count(*)                                                as flights,
    round(avg(dep_delay), 1)                                as average_delay,       -- minutes
    median(dep_delay)                                       as median_delay,
    round(100 * avg((dep_delay > 30)::integer), 1)          as percent_late,        -- of those that left at all
    round(100 * avg(cancelled::integer), 1)                 as percent_cancelled
from flight_weather
group by origin, conditions
order by origin, average_delay desc;
