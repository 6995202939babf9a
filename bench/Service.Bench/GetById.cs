namespace KdRobust.Service.Bench;

/// <summary>One job by its id, beside a server that answers nothing.</summary>
static class GetById
{
    const int Connections = 16, Jobs = 200;

    public static async Task<Outcome> Measure(Load load)
    {
        await using var place = await load.Place("get");
        await place.StartApi();
        var wires = await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => place.Connect()));
        var requests = new List<byte[]>();
        for (var i = 0; i < Jobs; i++)
            requests.Add(wires[0].Request("GET", $"/v1/jobs/{Specs.JobOf(await wires[0].Text(wires[0].Request("POST", "/v1/experiments", Specs.Experiment(Specs.NextSeed())), 201))}"));

        var address = await place.StartFloor();
        var empty = await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Wire.Connect(address, null)));
        var nothing = empty[0].Request("GET", "/");
        var oneRow = requests.Select(request => empty[0].Request("GET", "/job/" + System.Text.Encoding.ASCII.GetString(request, "GET /v1/jobs/".Length, 36))).ToList();

        var next = 0;
        async Task<bool> Ask(int client)
        {
            var (status, _) = await wires[client].Send(requests[Interlocked.Increment(ref next) % requests.Count]);
            return status == 200 ? true : throw new InvalidOperationException($"answered {status}");
        }
        async Task<bool> AskOneRow(int client)
        {
            var (status, _) = await empty[client].Send(oneRow[Interlocked.Increment(ref next) % oneRow.Count]);
            return status == 200 ? true : throw new InvalidOperationException($"answered {status}");
        }
        async Task<bool> AskNothing(int client)
        {
            await empty[client].Send(nothing);
            return true;
        }

        await Clients.Work(Connections, 2 * load.Seconds, Ask);
        await Clients.Work(Connections, load.Seconds, AskOneRow);
        await Clients.Work(Connections, 1, AskNothing);
        var (raw, ours, floor, rows) = (new List<double>(), new List<double>(), new List<double>(), new List<object>());
        for (var round = 0; round < load.Rounds; round++)
        {
            var (emptyRate, emptyTook) = await Clients.Work(Connections, load.Seconds, AskNothing);
            var (rowRate, rowTook) = await Clients.Work(Connections, load.Seconds, AskOneRow);
            var (rate, took) = await Clients.Work(Connections, load.Seconds, Ask);
            floor.Add(Sample.Quantile(rowTook, 0.99));
            raw.Add(Sample.Quantile(emptyTook, 0.99));
            ours.Add(Sample.Quantile(took, 0.99));
            rows.Add(new { empty_p50_ms = Figure.Rounded(Sample.Quantile(emptyTook, 0.5)), empty_p99_ms = Figure.Rounded(raw[^1]), empty_per_second = Figure.Rounded(emptyRate), one_row_p99_ms = Figure.Rounded(floor[^1]), one_row_per_second = Figure.Rounded(rowRate), p50_ms = Figure.Rounded(Sample.Quantile(took, 0.5)), p99_ms = Figure.Rounded(ours[^1]), per_second = Figure.Rounded(rate) });
            Load.Say($"round {round + 1} of {load.Rounds}: p99 {raw[^1]:0.00} ms empty ({emptyRate:0}/s), {floor[^1]:0.00} one row ({rowRate:0}/s), {ours[^1]:0.00} ms a job ({rate:0}/s)");
        }
        foreach (var wire in wires.Concat(empty)) wire.Dispose();
        return Outcome.Of(
            new { connections = Connections, one_row_over_empty = Figure.Rounded(Sample.Median(floor) / Sample.Median(raw)), rounds = rows },
            ("get_p99", Figure.Most(Sample.Median(ours) / Sample.Median(raw), "times", 4, $"p99 of GET /v1/jobs/ID over that of an endpoint that answers nothing, {Connections} connections, each asking as fast as it is answered"))).WithRatios("get_p99");
    }
}
