-- Weather is no excuse for everything. Each flight is compared with the average of all flights that left the same
-- airport under the same conditions: what remains is the carrier's or the route's own.

create temp table compared as
select
    f.*,
    f.dep_delay - d.average_delay       as own_delay,       -- minutes beyond what the weather explains
    f.year - p.year                     as plane_age        -- null: not every plane is in the list
from flight_weather f
join delay_by_weather d using (origin, conditions)          -- every flight has its row there
left join planes p using (tailnum);

create table carrier_summary as
select
    c.carrier,
    a.name                                              as airline,
    count(*)                                            as flights,
    round(avg(c.dep_delay), 1)                          as average_delay,
    round(avg(c.own_delay), 1)                          as own_delay,
    round(100 * avg(c.cancelled::integer), 2)           as percent_cancelled,
    round(avg(c.plane_age), 1)                          as average_plane_age
from compared c
left join airlines a using (carrier)
group by c.carrier, a.name
order by own_delay desc nulls last;

create table route_summary as
select
    c.origin,
    c.dest,
    coalesce(p.name, 'not in the list of airports')     as destination,     -- Puerto Rico and the Virgin Islands
    count(*)                                            as flights,
    count(distinct c.carrier)                           as carriers,
    any_value(c.distance)                               as miles,
    round(avg(c.arr_delay), 1)                          as average_arrival_delay,
    round(avg(c.own_delay), 1)                          as own_delay,
    -- Negative: the pilots make up for it on the way.
    round(avg(c.arr_delay - c.dep_delay), 1)            as gained_in_the_air
from compared c
left join airports p on p.faa = c.dest
group by c.origin, c.dest, p.name
order by flights desc, c.origin, c.dest;
