-- How well did each campaign do? One row per campaign.
--
-- A campaign is judged twice: by what a recipient cost, which the advertising platform can tell, and by whether these
-- people then open our e-mails, which only we know. Many cheap addresses that never open anything are no success.

-- People first: the e-mails that all recipients of a campaign got together, and what became of them.
create temp table engagement as
select
    campaign_id,
    count(*)                                as recipients,
    count(*) filter (where unsubscribed)    as unsubscribed,
    sum(emails_sent)                        as emails_sent,
    sum(opens)                              as opens,
    sum(clicks)                             as email_clicks
from email_recipients
where campaign_id is not null               -- they came by themselves; nobody paid for them
group by campaign_id;

create table campaign_performance as
select
    c.campaign_id,
    c.name                                                          as campaign,
    c.channel,
    c.start_date,
    c.end_date,
    c.spent,
    c.clicks                                                        as ad_clicks,
    coalesce(e.recipients, 0)                                       as recipients,
    coalesce(e.unsubscribed, 0)                                     as unsubscribed,
    coalesce(e.emails_sent, 0)                                      as emails_sent,
    coalesce(e.opens, 0)                                            as opens,
    -- nullif: a campaign without recipients has no price per recipient, which is not the same as a price of zero.
    round(c.spent / nullif(e.recipients, 0), 2)::decimal(10, 2)     as cost_per_recipient,
    round(e.opens / nullif(e.emails_sent, 0), 3)                    as open_rate,
    round(e.email_clicks / nullif(e.opens, 0), 3)                   as click_to_open_rate,
    -- 1 is the most opened campaign of its channel. Channels are not compared: newsletters always win.
    rank() over (partition by c.channel order by e.opens / nullif(e.emails_sent, 0) desc nulls last) as rank_in_channel,
    coalesce(e.opens / nullif(e.emails_sent, 0) >= {{ minimum_open_rate }}, false)                   as worth_following_up
from campaigns c
left join engagement e using (campaign_id)
order by c.start_date, c.campaign_id;
