-- Whom do we write to? One row per address.

-- The same person may sign up twice, and may write the address in capitals once. The latest row tells.
create temp table people as
select
    lower(trim(email))      as address,
    *
from email_recipients
qualify row_number() over (partition by lower(trim(email)) order by signed_up desc, recipient_id desc) = 1;

create table campaign_recipients as
select
    p.address                                           as email,
    coalesce(p.first_name, '')                          as first_name,
    cp.campaign,
    case
        when p.clicks >= 2 then 'enthusiast'
        when p.clicks = 1  then 'clicks'
        else                    'reads'
    end                                                 as segment
from people p
join campaign_performance cp using (campaign_id)        -- no campaign, no follow-up
where cp.worth_following_up
  and p.opens > 0
  -- "No" counts wherever it was said: also on another row of the same person.
  and p.address not in (select lower(trim(email)) from email_recipients where unsubscribed or in_mailing_list)
order by email;
