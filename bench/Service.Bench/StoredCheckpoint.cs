using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Checkpoints;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Schema;
using Npgsql;
using NpgsqlTypes;

namespace KdRobust.Service.Bench;

/// <summary>160 MB of a training's state into the database and out again.</summary>
static class StoredCheckpoint
{
    const int Mebibytes = 160, Small = 16, RawChunk = 1 << 20;

    public static async Task<Outcome> Measure(Load load)
    {
        await using var place = await load.Place("checkpoint");
        await place.StartApi();
        await History.Ready(place, await History.Payload(place), 100, "checkpoint");
        await place.Run("CREATE TABLE raw_chunk (id int NOT NULL, content bytea NOT NULL); ALTER TABLE raw_chunk ALTER COLUMN content SET STORAGE EXTERNAL");
        var store = new CheckpointStore(place.Database);
        var lease = await Lease(place.Database);
        var content = new byte[Mebibytes << 20];
        var (rawIn, oursIn, rawOut, oursOut, rows) = (new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<object>());
        for (var round = -1; round < load.Rounds; round++)
        {
            new Random(round).NextBytes(content);
            await place.Run("TRUNCATE raw_chunk");
            var copiedIn = await Rate(() => CopyIn(place, content));
            CheckpointInfo? info = null;
            var storedIn = await Rate(async () => info = await store.Register(lease, CheckpointRole.Output, OutputNames.Weights, 1, 1, await store.Write(new MemoryStream(content)), []));
            var copiedOut = await Rate(() => CopyOut(place));
            var storedOut = await Rate(() => store.CopyTo(info!, Stream.Null));
            if (round < 0) continue; // Warms up.
            rawIn.Add(copiedIn);
            oursIn.Add(storedIn);
            rawOut.Add(copiedOut);
            oursOut.Add(storedOut);
            rows.Add(new { raw_in = Figure.Rounded(copiedIn), ours_in = Figure.Rounded(storedIn), raw_out = Figure.Rounded(copiedOut), ours_out = Figure.Rounded(storedOut) });
            Load.Say($"round {round + 1} of {load.Rounds}: in {copiedIn:0} MiB/s by COPY, {storedIn:0} ours; out {copiedOut:0} and {storedOut:0}");
        }
        var (small, large) = (await PeakMebibytes(place, Small), await PeakMebibytes(place, Mebibytes));
        return Outcome.Of(
            new { mebibytes = Mebibytes, mebibytes_per_second = rows, peak_mib_of_a_process_that_stores_and_reads = new { of_16 = small, of_160 = large } },
            ("checkpoint_in", Figure.Least(Sample.Median(oursIn) / Sample.Median(rawIn), "of raw", 0.8, $"CheckpointStore.Write and Register (each chunk hashed and stored once, fenced) over one binary COPY of {RawChunk >> 20} MiB chunks, {Mebibytes} MiB of new bytes")),
            ("checkpoint_out", Figure.Least(Sample.Median(oursOut) / Sample.Median(rawOut), "of raw", 0.6, "CheckpointStore.CopyTo (each chunk and the whole verified by SHA-256) over COPY ... TO STDOUT")),
            ("checkpoint_memory_mib", Figure.Most(large - small, "MiB", 16, $"peak resident memory of a process that stores and reads {Mebibytes} MiB less that of one that does so with {Small} MiB: a tenth of what is stored more is allowed, for buffers that come to their size"))).WithRatios("checkpoint_in", "checkpoint_out");
    }

    /// <summary>A process of its own: stores and reads so many MiB that it never holds, and says its peak memory in MiB.</summary>
    public static async Task<int> Store(int mebibytes)
    {
        await using var database = Database.Open(Environment.GetEnvironmentVariable(Database.Variable)!, "service-bench");
        var store = new CheckpointStore(database);
        var info = await store.Register(await Lease(database), CheckpointRole.Output, OutputNames.Weights, 1, 1, await store.Write(new NewBytes((long)mebibytes << 20)), []) ?? throw new InvalidOperationException("the lease is gone");
        await store.CopyTo(info, Stream.Null);
        Console.Out.WriteLine(JsonSerializer.Serialize(ProcessUse.PeakMiB(Environment.ProcessId)));
        return 0;
    }

    static async Task<JobLease> Lease(NpgsqlDataSource database) =>
        (await new JobStore(database, new LeaseSettings { Lease = TimeSpan.FromHours(1) }).TryClaimNext(new WorkerOffer("bench", 1, DeviceKind.Cpu)))!.Lease;

    static async Task<double> PeakMebibytes(Place place, int mebibytes) => double.Parse(
        await Child.Output(
            Child.DotNet, [typeof(StoredCheckpoint).Assembly.Location, "store-checkpoint", mebibytes.ToString(CultureInfo.InvariantCulture)],
            new Dictionary<string, string>(StringComparer.Ordinal) { [Database.Variable] = place.ConnectionString }), CultureInfo.InvariantCulture);

    static async Task<double> Rate(Func<Task> act)
    {
        var begun = Stopwatch.GetTimestamp();
        await act();
        return Mebibytes / Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }

    static async Task CopyIn(Place place, byte[] content)
    {
        await using var connection = await place.Database.OpenConnectionAsync();
        await using var copy = await connection.BeginBinaryImportAsync("COPY raw_chunk (id, content) FROM STDIN (FORMAT BINARY)");
        for (var at = 0; at < content.Length; at += RawChunk)
        {
            await copy.StartRowAsync();
            await copy.WriteAsync(at / RawChunk, NpgsqlDbType.Integer);
            await copy.WriteAsync(content.AsMemory(at, RawChunk), NpgsqlDbType.Bytea);
        }
        await copy.CompleteAsync();
    }

    static async Task CopyOut(Place place)
    {
        await using var connection = await place.Database.OpenConnectionAsync();
        await using var copy = await connection.BeginRawBinaryCopyAsync("COPY raw_chunk TO STDOUT (FORMAT BINARY)");
        var buffer = new byte[1 << 20];
        while (await copy.ReadAsync(buffer, CancellationToken.None) > 0)
        {
        }
    }

    /// <summary>So many bytes that nobody has had before, made as they are read.</summary>
    sealed class NewBytes(long length) : Stream
    {
        readonly Random random = new();
        long left = length;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            var part = (int)Math.Min(left, buffer.Length);
            random.NextBytes(buffer[..part]);
            left -= part;
            return part;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(Read(buffer.Span));
        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => Task.FromResult(Read(buffer.AsSpan(offset, count)));
        public override void Flush()
        {
            // Nothing is written.
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
