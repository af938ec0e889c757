-- Rows for the tables of bench_kql: $E events, $H hosts, $B bad addresses; $N rows of events.
-- Everything follows from the row's number, so that two runs have the same rows.
DELETE FROM $E;
DELETE FROM $H;
DELETE FROM $B;
INSERT INTO $H (TimeGenerated, Computer, Owner, Site, Tier)
SELECT 638396640000000000, format('host-{:04d}.contoso.example', i),
       format('owner{}@contoso.example', hash(i, 1) % 300),
       ['Berlin', 'Paris', 'Oslo', 'Austin', 'Osaka'][1 + (hash(i, 2) % 5)::INT], (i % 3)::INT
FROM range(1500) AS r(i);
INSERT INTO $B (TimeGenerated, IPAddress, Threat, Score)
SELECT 638396640000000000, format('203.0.{}.{}', i % 113, (i * 7) % 250),
       ['botnet', 'scanner', 'c2', 'tor'][1 + (i % 4)::INT], (i % 100)::INT
FROM range(4000) AS r(i);
INSERT INTO $E (TimeGenerated, Account, Computer, EventID, Activity, CommandLine, IPAddress, Port,
                BytesSent, Duration, Status, Properties, Raw)
WITH numbers AS (
    SELECT i, hash(i, 1) AS a, hash(i, 2) AS b, hash(i, 3) AS c, hash(i, 4) AS d, hash(i, 5) AS f
    FROM range($N) AS r(i)),
choices AS (
    SELECT *, CASE WHEN a % 4 = 0 THEN a % 200 ELSE a % 50000 END AS account, b % 2000 AS host,
           [4624, 4625, 4634, 4648, 4656, 4663, 4672, 4688, 4697, 4698, 4720, 4726, 4732, 4740,
            4768, 4769, 4771, 4776, 5140, 5156][1 + least(c % 20, c // 32 % 20)::INT] AS event
    FROM numbers)
SELECT 638396640000000000 + (i * (30::BIGINT * 864000000000 // $N) + (f % 1000)::BIGINT)::BIGINT,
       CASE WHEN a % 50 = 7 THEN '' ELSE format('CONTOSO\user{}', account) END,
       CASE WHEN b % 16 = 3 THEN format('HOST-{:04d}.CONTOSO.EXAMPLE', host)
            ELSE format('host-{:04d}.contoso.example', host) END,
       event,
       format('{} - {}', event,
              ['An account was successfully logged on.', 'An account failed to log on.',
               'A new process has been created.', 'A handle to an object was requested.',
               'The Windows Filtering Platform has permitted a connection.'][1 + event % 5]),
       CASE (d % 12)::INT
           WHEN 0 THEN format('C:\Windows\System32\svchost.exe -k netsvcs -p -s Service{}', f % 400)
           WHEN 1 THEN format('powershell.exe -NoProfile -ExecutionPolicy Bypass -File C:\Scripts\job{}.ps1', f % 9000)
           WHEN 2 THEN format('"C:\Program Files\Google\Chrome\Application\chrome.exe" --type=renderer --lang=en-US --renderer-client-id={}', f % 1000000)
           WHEN 3 THEN format('cmd.exe /c whoami /all && net user user{} /domain', account)
           WHEN 4 THEN format('rundll32.exe shell32.dll,Control_RunDLL desk.cpl,,{}', f % 30)
           WHEN 5 THEN format('/usr/bin/ssh -i /home/user{}/.ssh/id_rsa root@10.{}.{}.{}', account, f % 256, f // 256 % 256, f // 65536 % 256)
           WHEN 6 THEN format('/usr/sbin/sshd -D -R session={}', f % 100000000)
           WHEN 7 THEN format('curl -s https://updates.contoso.example/agent/{}.tar.gz -o /tmp/agent-{}.tgz', f % 5000, f % 77777)
           WHEN 8 THEN format('python3 /opt/app/worker.py --queue=queue{} --id={}', f % 20, f % 1000000000)
           WHEN 9 THEN CASE WHEN f % 100 = 1 THEN 'C:\Temp\Mimikatz.exe "sekurlsa::logonpasswords" exit'
                            WHEN f % 100 = 2 THEN 'C:\Temp\mimikatzish.exe --check'
                            ELSE format('C:\Windows\explorer.exe /select,C:\Users\user{}\Documents\report-{}.docx', account, f % 3000) END
           WHEN 10 THEN format('notepad.exe C:\Users\Müller\Straße\Übersicht-{}.txt', f % 10000)
           ELSE format('schtasks.exe /create /tn Task{} /tr C:\Tools\run.exe /sc daily', f % 100000) END,
       CASE WHEN c % 40 = 5 THEN '' WHEN c % 40 = 6 THEN format('2001:db8::{:x}', c // 64 % 60000)
            WHEN c % 40 < 9 THEN format('203.0.{}.{}', c // 64 % 113, c // 8192 % 250)
            WHEN c % 40 < 24 THEN format('10.{}.{}.{}', c // 64 % 16, c // 1024 % 64, c // 65536 % 256)
            ELSE format('192.168.{}.{}', c // 64 % 256, c // 16384 % 256) END,
       CASE WHEN d % 10 = 3 THEN NULL ELSE [443, 80, 22, 3389, 445, 53, 8080, 5985][1 + (d // 16 % 8)::INT] END,
       CASE WHEN d % 25 = 4 THEN NULL ELSE (f % 1000003)::BIGINT END,
       CASE WHEN b % 30 = 1 THEN NULL ELSE (f % 99991)::DOUBLE / 16 END,
       ['Success', 'Failure', 'success', 'Timeout', 'Denied'][1 + least(f % 5, f // 8 % 5)::INT],
       CASE WHEN a % 20 = 9 THEN NULL ELSE
           format('{{"user":{{"name":"user{}","id":{}}},"device":{{"os":"{}","managed":{}}},"risk":{:.2f},"tags":["t{}","t{}"],"result":"{}"}}',
                  account, account, ['Windows 11', 'Ubuntu', 'macOS'][1 + (b % 3)::INT],
                  CASE WHEN b % 4 = 0 THEN 'false' ELSE 'true' END, (c % 100)::DOUBLE / 100,
                  c % 7, d % 9, CASE WHEN f % 6 = 0 THEN 'failure' ELSE 'success' END) END,
       format('{{"session":{},"port":{},"name":"svc{}"}}', f % 100000, d % 65536, b % 50)
FROM choices;
