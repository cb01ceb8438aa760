/**
 * Shell scripts that people run with iptraf-ng, with the program's name replaced: rotation by the day, monitoring around a
 * deployment, alert loops, analysis of logs, export as CSV. They print what they are meant to. Waiting times and
 * thresholds are shortened, mail is a stub. Each script runs in a namespace with an interface eth0; those with pkill in a
 * process namespace of their own, for it is meant for no other daemon of this machine.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNamespacePair, type NamespacePair, namespacesUnavailable } from '../support/namespaces.ts';
import { programFile } from '../support/program.ts';

const unavailable =
  namespacesUnavailable() ?? (spawnSync('sudo', ['-n', 'true']).status === 0 ? null : 'the scripts use sudo');

const SERVER = `
  require('net').createServer((s) => s.on('error', () => {}).end('word')).listen(80, () => {
    const udp = require('dgram').createSocket('udp4');
    udp.on('message', (message, from) => udp.send(message, from.port, from.address));
    udp.bind(53, () => console.log('listens'));
  })`;

/** The operator's own commands between start and stop: 5 connections, 4 datagrams, 3 pings. */
const TRAFFIC = `
  for i in 1 2 3 4 5; do exec 3<>/dev/tcp/10.91.0.2/80; cat <&3 >/dev/null; exec 3>&-; done
  for i in 1 2 3 4; do printf query >/dev/udp/10.91.0.2/53; done
  ping -c 3 -i 0.2 10.91.0.2 >/dev/null
`;

describe.skipIf(unavailable !== null)(`the scripts of iptraf-ng's users (${unavailable ?? 'root, sudo'})`, () => {
  let folder: string;
  let pair: NamespacePair;
  let program: string;
  const servers: ChildProcess[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'seed-scripts-'));
    for (const name of ['state', 'log', 'run', 'bin']) mkdirSync(join(folder, name));
    program = programFile(folder, {
      IPTRAF_TS_STATE_DIR: join(folder, 'state'),
      IPTRAF_TS_LOG_DIR: join(folder, 'log'),
      IPTRAF_TS_RUN_DIR: join(folder, 'run'),
    });
    writeFileSync(join(folder, 'traffic.sh'), TRAFFIC);
    pair = await createNamespacePair('seeds', ['eth0', 'peer']);
    const server = pair.right.spawn([process.execPath, '-e', SERVER]);
    servers.push(server);
    await once(server.stdout as NodeJS.ReadableStream, 'data');
  });
  afterAll(() => {
    pair?.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  interface Run {
    status: number | null;
    output: string;
    errors: string;
  }

  /** Runs a script to its end with the program as $P, the folder as $DIR, `started LOG` (waits for its begin), `traffic`. */
  async function script(text: string, words: string[] = [], prefix: string[] = []): Promise<Run> {
    const file = join(mkdtempSync(join(folder, 'script-')), 'script.sh');
    const head = [
      `P=${program} DIR=${folder} PATH=${folder}/bin:$PATH`,
      'started() { for i in {1..300}; do grep -qs "monitor started" "$1" && return; sleep 0.05; done; false; }',
      'traffic() { . $DIR/traffic.sh; }',
    ];
    writeFileSync(file, [...head, text].join('\n'));
    // A session of its own, as each terminal has: these tests may themselves run below timeout(1).
    const argv = ['netns', 'exec', pair.left.name, 'setsid', '-w', ...prefix, 'bash', file, ...words];
    // Standard input as a terminal's or cron's: it is something, and nothing comes.
    const child = spawn('ip', argv, { stdio: 'pipe' });
    const run: Run = { status: null, output: '', errors: '' };
    child.stdout.on('data', (chunk) => {
      run.output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      run.errors += chunk;
    });
    [run.status] = await once(child, 'close');
    return run;
  }

  /** As script; `pkill` finds the script's own daemon only. Its processes end with it: it waits for the daemon's end. */
  function scriptWithPkill(text: string): Promise<Run> {
    const wait = 'while pgrep iptraf-ts >/dev/null; do sleep 0.05; done';
    return script(`${text}\n${wait}`, [], ['unshare', '--pid', '--fork', '--mount-proc']);
  }

  const read = (path: string): string => readFileSync(join(folder, path), 'utf8');
  const lines = (text: string): string[] => text.trimEnd().split('\n');

  describe('that start and stop it', () => {
    it('in the background, with a log in a folder that is not there yet, and pkill', async () => {
      const { output, errors } = await scriptWithPkill(`
        LOG_FILE="$DIR/network/performance_$(date +%Y%m%d).log"
        sudo $P -B -L "$LOG_FILE" -i eth0
        ps aux | grep -c '[i]ptraf-ts'
        traffic
        sudo pkill iptraf-ts
        while pgrep iptraf-ts >/dev/null; do sleep 0.05; done
        tail -n 1 "$LOG_FILE"
        echo "Network monitoring completed. Results saved to $LOG_FILE"`);
      expect(errors).toBe('');
      const [processes, last, completed] = lines(output);
      expect(processes).toBe('2');
      expect(last).toMatch(/stopped/);
      expect(completed).toMatch(/^Network monitoring completed\. Results saved to .*performance_\d{8}\.log$/);
    });

    it('around a deployment, an application, a load test and hour by hour, all at the same time', async () => {
      const [deployment, application, load, full, loop] = await Promise.all([
        script(
          `SERVICE_NAME="$1"
          PRE_DEPLOY_LOG="$DIR/pre_deploy.log"
          POST_DEPLOY_LOG="$DIR/post_deploy.log"
          sudo timeout 5s $P -B -L "$PRE_DEPLOY_LOG" -i eth0
          echo "Deploying $SERVICE_NAME..."
          sudo timeout 5s $P -B -L "$POST_DEPLOY_LOG" -i eth0
          echo "Deployment monitoring completed"`,
          ['web'],
        ),
        script(
          `LOG_FILE="$DIR/$1_test.log"
          sudo timeout 8s $P -B -L "$LOG_FILE" -i eth0 &
          MONITOR_PID=$!
          started "$LOG_FILE" && traffic
          wait $MONITOR_PID
          echo "Network test completed for $1: $?"`,
          ['app'],
        ),
        script(`
          sudo $P -B -L "$DIR/load_test.log" -i eth0 &
          MONITOR_PID=$!
          started "$DIR/load_test.log"
          eval "traffic"
          sudo kill $MONITOR_PID
          wait $MONITOR_PID
          echo "Load testing and network monitoring completed: $?"`),
        script(`
          OUTPUT_DIR="$DIR/full_monitor"
          mkdir -p "$OUTPUT_DIR"
          sudo $P -B -L "$OUTPUT_DIR/network.log" -i eth0 &
          IPTRAF_PID=$!
          top -b -d 1 -n 60 > "$OUTPUT_DIR/top.log" &
          TOP_PID=$!
          started "$OUTPUT_DIR/network.log"
          sudo kill $IPTRAF_PID $TOP_PID 2>/dev/null
          wait
          ls "$OUTPUT_DIR"`),
        script(`
          while [ "$ROUND" != xx ]; do
            ROUND=x$ROUND
            HOURLY_LOG="$DIR/hourly/server_$ROUND.log"
            sudo timeout 5s $P -B -L "$HOURLY_LOG"
            find "$DIR/hourly" -name "*.log" -mtime +7 -exec gzip {} \\;
          done
          ls "$DIR/hourly"`),
      ]);
      expect([deployment, application, load, full, loop].map(({ errors }) => errors)).toEqual(['', '', '', '', '']);
      expect(lines(deployment.output)).toEqual(['Deploying web...', 'Deployment monitoring completed']);
      expect(application.output).toBe('Network test completed for app: 124\n');
      expect(load.output).toBe('Load testing and network monitoring completed: 0\n');
      expect(lines(full.output)).toEqual(['network.log', 'top.log']);
      expect(lines(loop.output)).toEqual(['server_x.log', 'server_xx.log']);
      const names = ['pre_deploy', 'post_deploy', 'app_test', 'load_test', 'full_monitor/network'];
      for (const name of [...names, 'hourly/server_x', 'hourly/server_xx'])
        expect(read(`${name}.log`), name).toMatch(/monitor stopped/);
      for (const name of ['app_test', 'load_test']) {
        const ended = lines(read(`${name}.log`)).filter((line) => /to 10\.91\.0\.2:80; .*closed/.test(line));
        // The other script's are in the log too, where it was open then.
        expect(ended.length, name).toBeGreaterThanOrEqual(5);
      }
    });

    it('in each interface that ip lists, as text', async () => {
      const { output, errors } = await script(`
        for interface in $(ip link show | grep -oE 'eth[0-9]+|enp[0-9]+s[0-9]+'); do
          sudo timeout 5s $P -i "$interface" &
        done
        traffic
        wait
        echo over`);
      expect(errors).toBe('');
      expect(output).toMatch(/eth0/);
      expect(output).not.toContain('\x1b');
      expect(output).toMatch(/over\n$/);
    });
  });

  describe('that watch its log', () => {
    it('send mail when many packets were seen', async () => {
      writeFileSync(join(folder, 'bin/mail'), `#!/bin/sh\n{ echo "$*"; cat; } >>'${folder}/mail'\n`, { mode: 0o755 });
      const { errors } = await script(`
        THRESHOLD_PACKETS=5
        LOG_FILE="$DIR/current.log"
        sudo $P -B -L "$LOG_FILE" -i eth0 &
        MONITOR_PID=$!
        started "$LOG_FILE"
        traffic
        while [ ! -e "$DIR/mail" ]; do
          RECENT_PACKETS=$(tail -1000 "$LOG_FILE" | grep -c "packet" || echo 0)
          if [ "$RECENT_PACKETS" -gt "$THRESHOLD_PACKETS" ]; then
            echo "High network traffic alert: $RECENT_PACKETS packets detected" |
              mail -s "Network Alert: High Traffic on $(hostname)" admin@example.com
          fi
          sleep 0.1
        done
        sudo kill $MONITOR_PID
        wait $MONITOR_PID`);
      expect(errors).toBe('');
      const [subject, text] = lines(read('mail'));
      expect(subject).toMatch(/^-s Network Alert: High Traffic on \S+ admin@example\.com$/);
      expect(Number(/^High network traffic alert: (\d+) packets detected$/.exec(text)?.[1])).toBeGreaterThan(5);
    });
  });

  describe('that read its log', () => {
    /** Of a daemon that is started with the day in its log's name, as rotation by the day does it. */
    let day: string;
    beforeAll(async () => {
      mkdirSync(join(folder, 'daily'));
      day = spawnSync('date', ['+%Y%m%d', '-d', 'yesterday'], { encoding: 'utf8' }).stdout.trim();
      const { errors } = await scriptWithPkill(`
        sudo $P -B -L "$DIR/daily/network_${day}.log" -i eth0
        traffic
        sudo pkill iptraf-ts`);
      expect(errors).toBe('');
    });

    it('find the busiest hours and the protocols of a day', async () => {
      const { output } = await script(`
        LOG_DIR="$DIR/daily"
        DATE=$(date +%Y%m%d -d "yesterday")
        if [ -f "$LOG_DIR/network_$DATE.log" ]; then
          echo "=== Network Summary for $DATE ==="
          echo "Total log entries: $(wc -l < "$LOG_DIR/network_$DATE.log")"
          echo "Peak activity hours:"
          grep -E "^[0-9]{2}:" "$LOG_DIR/network_$DATE.log" | sort | uniq -c | sort -nr | head -5
          echo "Top protocols:"
          grep -o -E "(TCP|UDP|ICMP)" "$LOG_DIR/network_$DATE.log" | sort | uniq -c
        fi`);
      const [title, entries, peak, hour, top, ...protocols] = lines(output);
      expect([title, peak, top]).toEqual([
        `=== Network Summary for ${day} ===`,
        'Peak activity hours:',
        'Top protocols:',
      ]);
      expect(entries).toBe(`Total log entries: ${lines(read(`daily/network_${day}.log`)).length}`);
      expect(hour).toMatch(/^ +1 \d\d:00 .*packets/);
      expect(protocols.map((line) => line.trim().split(' ')[1])).toEqual(['ICMP', 'TCP', 'UDP']);
    });

    it('find addresses and ports, and no part of a time among them', async () => {
      const { output } = await script(
        `LOG_FILE="$1"
        grep -o -E '[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}' "$LOG_FILE" | sort | uniq -c | sort -nr | head -10
        echo ports
        grep -o -E ':[0-9]+' "$LOG_FILE" | sort | uniq -c | sort -nr`,
        [join(folder, `daily/network_${day}.log`)],
      );
      const [addresses, ports] = output
        .split('ports\n')
        .map((text) => lines(text).map((line) => line.trim().split(' ')[1]));
      expect(addresses.sort()).toEqual(['10.91.0.1', '10.91.0.2']);
      expect(ports[0]).toBe(':80');
      expect(ports).toContain(':53');
      // The hour's sum begins with the hour, for the script above; every other number is a port of one of 9 sockets.
      const others = ports.filter((port) => ![':80', ':53', ':00'].includes(port)).map((port) => Number(port.slice(1)));
      expect(others).toHaveLength(9);
      expect(Math.min(...others)).toBeGreaterThan(1023);
    });

    it('find nothing suspicious where nothing went wrong', async () => {
      const { output, status } = await script('grep -i "error\\|fail\\|unusual" "$1"', [
        join(folder, `daily/network_${day}.log`),
      ]);
      expect([output, status]).toEqual(['', 1]);
    });

    it('export it as CSV, under the header that --csv has too', async () => {
      const header = 'timestamp,interface,protocol,src_ip,dst_ip,src_port,dst_port,bytes';
      const { output } = await script(
        `LOG_FILE="$1"
        OUTPUT_CSV="$DIR/export.csv"
        echo "${header}" > "$OUTPUT_CSV"
        while IFS= read -r line; do
          TIMESTAMP=$(date -d "now" "+%Y-%m-%d %H:%M:%S")
          if [[ $line =~ (TCP|UDP) ]]; then
            echo "$TIMESTAMP,eth0,$BASH_REMATCH,$line" | awk '{print $1","$2","$3","$4","$5","$6","$7","$8}' >> "$OUTPUT_CSV"
          fi
        done < "$LOG_FILE"
        echo "Data exported to $OUTPUT_CSV for visualization"
        sudo $P -i eth0 --csv --for 0.5 | head -n 1`,
        [join(folder, `daily/network_${day}.log`)],
      );
      expect(lines(output)[0]).toMatch(/^Data exported to .* for visualization$/);
      expect(lines(output)[1].startsWith(header)).toBe(true);
      const [first, ...rows] = lines(read('export.csv'));
      expect(first).toBe(header);
      const told = lines(read(`daily/network_${day}.log`)).filter((line) => /TCP|UDP/.test(line));
      expect(rows).toHaveLength(told.length);
      expect(rows.every((row) => /^\d{4}-\d\d-\d\d,\d\d:\d\d:\d\d,eth0,(TCP|UDP),/.test(row))).toBe(true);
    });

    it('compress what is large, and delete what is old', async () => {
      mkdirSync(join(folder, 'old'));
      const name = `network_${day}.log`;
      const before = read(`daily/${name}`);
      writeFileSync(join(folder, 'old', name), before.repeat(20));
      writeFileSync(join(folder, 'old/small.log'), 'x\n');
      const { output } = await script(`
        LOG_DIR="$DIR/old"
        MAX_SIZE="1k"
        touch -d "40 days ago" "$LOG_DIR/ancient.log.gz"
        find "$LOG_DIR" -name "*.log" -size +$MAX_SIZE -exec gzip {} \\;
        find "$LOG_DIR" -name "*.log.gz" -mtime +30 -delete
        ls "$LOG_DIR"`);
      expect(lines(output)).toEqual([`${name}.gz`, 'small.log']);
      expect(existsSync(join(folder, 'old', name))).toBe(false);
      expect(gunzipSync(readFileSync(join(folder, 'old', `${name}.gz`))).toString()).toBe(before.repeat(20));
      expect(readdirSync(join(folder, 'old'))).toHaveLength(2);
    });
  });
});
