using System.Text;
using KdRobust.Api.Hosting;
using KdRobust.Api.Tests.Description;
using KdRobust.Api.Tests.Host;
using KdRobust.Api.Tests.Samples;
using KdRobust.Domain.Jobs;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Access;

/// <summary>A service whose database has a password, with every log it can write.</summary>
public sealed class LoggingApi : RunningApi
{
    internal const string Password = "hunter2-6f1c9e";

    internal string Logs { get; } = Directory.CreateTempSubdirectory("kdr-secret-logs-").FullName;

    // Asks the driver to keep the password in what it says of a connection, as a careless person may.
    private protected override ApiOptions Options() => base.Options() with { Database = $"{Database.ConnectionString};Password={Password};Persist Security Info=true", LogFolder = Logs };
}

/// <summary>A key is told once, to who made it, and a database's password never: not in answers, logs, measurements or rows.</summary>
public sealed class SecretsTests(LoggingApi api) : IClassFixture<LoggingApi>
{
    [PostgresFact]
    public async Task A_key_stands_in_the_answer_that_makes_it_and_nowhere_else()
    {
        var secrets = new List<string> { (await File.ReadAllTextAsync(api.KeyFile)).Trim(), LoggingApi.Password };
        using var made = await Post("/v1/keys", """{ "owner": "zoe", "role": "admin", "label": "laptop" }""");
        var created = (await made.Body())!;
        secrets.Add(created["key"]!.GetValue<string>());
        using var rotated = await Post($"/v1/keys/{created["stored"]!["id"]}/rotate?graceHours=1", null);
        secrets.Add((await rotated.Body())!["key"]!.GetValue<string>());
        using var zoe = api.Client(secrets[^1]);

        // The same requests again: their answers were not kept.
        using var again = await Post("/v1/keys", """{ "owner": "zoe", "role": "admin", "label": "laptop" }""");
        var answers = new StringBuilder(await again.Content.ReadAsStringAsync());

        var spec = SmallSpec.Unique();
        var detail = await zoe.Submit(spec);
        var id = Answers.IdOf(detail);
        var worker = new StandInWorker(api);
        await api.Jobs.Fail((await worker.Claim()).Lease, new JobFailure(FailureKind.Permanent, "no images", "stack"));
        foreach (var operation in (await DescribedApi.Read(api)).Operations.Where(operation => operation.Method == HttpMethod.Get && operation.Id != "events"))
            foreach (var value in new[] { id.ToString(), "wrong\0" })
            {
                using var request = operation.Request((name, example) => name is "id" or "cursor" or "sort" or "limit" or "name" ? value : name is "format" or "figure" ? example?.ToString() : null, null);
                using var response = await zoe.SendAsync(request);
                answers.Append(await response.Content.ReadAsStringAsync()).Append(response.Headers).Append(response.Content.Headers);
            }
        foreach (var format in new[] { "html", "md", "json", "csv" }) answers.Append(await zoe.GetStringAsync($"/v1/experiments/{id}/report.{format}"));

        // Wrong keys, keys in the wrong place, and a request that fails in our hands.
        using (var stranger = api.Client(secrets[^1] + "x"))
        using (var refused = await stranger.GetAsync($"/v1/experiments?key={secrets[^1]}")) answers.Append(await refused.Content.ReadAsStringAsync());
        await api.Database.Execute("ALTER TABLE audit ADD CONSTRAINT broken CHECK (outcome <> 'created') NOT VALID");
        using (var failed = await zoe.PostAsync("/v1/experiments", Answers.Json(SmallSpec.Unique()))) answers.Append(await failed.Content.ReadAsStringAsync());
        await api.Database.Execute("ALTER TABLE audit DROP CONSTRAINT broken");

        var logs = Text(api.Logs);
        logs.ShouldContain("\"Level\":\"Error\"", customMessage: "the request that failed is there");
        foreach (var secret in secrets)
        {
            answers.ToString().ShouldNotContain(secret);
            logs.ShouldNotContain(secret);
            (await Tables(secret)).ShouldBeEmpty();
        }

        async Task<HttpResponseMessage> Post(string address, string? body)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = body is null ? null : Answers.Json(body) };
            request.Headers.Add("Idempotency-Key", "secret-" + address.GetHashCode(StringComparison.Ordinal));
            return await api.Admin.SendAsync(request);
        }
    }

    [PostgresFact]
    public async Task Measurements_name_neither_password_nor_user_nor_host_of_the_database()
    {
        using (await api.Ada.GetAsync("/v1/experiments")) { }
        var text = await api.AdaReads.GetStringAsync("/metrics");
        text.ShouldContain("pool_name=\"kdrobust-api\"");
        text.ShouldNotContain(LoggingApi.Password);
        // This process has connections of its own to other databases, which name them.
        text.Split('\n').Where(line => line.Contains(api.Database.Name, StringComparison.Ordinal) && (line.Contains("Host=", StringComparison.Ordinal) || line.Contains("Username=", StringComparison.Ordinal))).ShouldBeEmpty();
    }

    [PostgresTheory]
    [InlineData("Host=127.0.0.1;Port=1;Username=x;Password={0};Timeout=2")]
    [InlineData("Host=127.0.0.1;Port=1;Username=x;Password={0};Timeout=2;Persist Security Info=true")]
    [InlineData("Host=nowhere.invalid;Username=x;Password={0};Timeout=2")]
    public async Task A_start_that_is_refused_does_not_tell_the_password(string database)
    {
        var options = new ApiOptions { Database = database.Replace("{0}", LoggingApi.Password, StringComparison.Ordinal), Listen = new(System.Net.IPAddress.Loopback, 0), StartPatience = TimeSpan.Zero };
        await using var app = ApiApplication.Build(options);
        (await Should.ThrowAsync<StartRefusedException>(() => ApiProcess.Start(app, options))).ToString().ShouldNotContain(LoggingApi.Password);
    }

    [Theory]
    [InlineData("postgres://kdr:{0}@localhost/kdr")]
    [InlineData("Host=localhost;Passwrod={0}")]
    [InlineData("Host=localhost;Port={0}")]
    [InlineData("Host=localhost;SSL Mode={0}")]
    [InlineData("Password={0}")]
    [InlineData("Host=localhost;Password='{0}")]
    [InlineData("{0}")]
    public void A_connection_string_that_is_wrong_is_not_repeated(string database) =>
        Should.Throw<StartRefusedException>(() => ApiOptions.Parse([], database.Replace("{0}", LoggingApi.Password, StringComparison.Ordinal))).ToString().ShouldNotContain(LoggingApi.Password);

    // Tables with a row that holds the text, or its bytes, anywhere.
    async Task<List<string>> Tables(string secret)
    {
        var found = new List<string>();
        var bytes = Convert.ToHexStringLower(Encoding.UTF8.GetBytes(secret));
        var tables = (await api.Database.Scalar<string[]>("SELECT array_agg(format('%I.%I', n.nspname, c.relname)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('public', 'quartz')"))!;
        foreach (var table in tables)
            if (await api.Database.Scalar<long>($"SELECT count(*) FROM {table} t WHERE strpos(t::text, '{secret}') > 0 OR strpos(t::text, '{bytes}') > 0") > 0) found.Add(table);
        return found;
    }

    static string Text(string folder)
    {
        var all = new StringBuilder();
        foreach (var file in Directory.GetFiles(folder))
        {
            // The service writes it still.
            using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            all.Append(reader.ReadToEnd());
        }
        return all.ToString();
    }
}
