-- How well did each campaign do? One row per campaign that Adform knows.

create temp table engagement as
select
    campaign_id,
    count(*)                                as recipients,
    count(*) filter (where unsubscribed)    as unsubscribed,
    sum(emails_sent)                        as emails_sent,
    sum(opens)                              as opens
from email_recipients
where campaign_id is not null               -- they came by themselves; nobody paid for them
group by campaign_id;

create table campaign_performance as
select
    c.id                                                            as campaign_id,
    c.name                                                          as campaign,
    c.status,
    c.budget,
    c.currency,
    coalesce(e.recipients, 0)                                       as recipients,
    coalesce(e.unsubscribed, 0)                                     as unsubscribed,
    -- nullif: a campaign without recipients has no price per recipient, which is not the same as a price of zero.
    round(c.budget / nullif(e.recipients, 0), 2)::decimal(12, 2)    as budget_per_recipient,
    round(e.opens / nullif(e.emails_sent, 0), 3)                    as open_rate,
    coalesce(e.opens / nullif(e.emails_sent, 0) >= {{ minimum_open_rate }}, false) as worth_following_up
from campaigns c
left join engagement e on e.campaign_id = c.id
order by c.id;
