using KdRobust.Persistence.Schema;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KdRobust.Service.Bench;

/// <summary>
/// A server that answers nothing, and where it is given a database one that does a single statement there for each request: what
/// the platform costs before anything of ours. It asks for no key, reads no body and keeps no promise.
/// </summary>
static class EmptyEndpoint
{
    /// <summary>Serves until asked to stop.</summary>
    /// <param name="addressFile">Where its address is written once it answers.</param>
    public static async Task<int> Serve(string addressFile)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        app.MapGet("/", () => "");
        if (Environment.GetEnvironmentVariable(Database.Variable) is { Length: > 0 } named)
        {
            var database = Database.Open(named, "floor");
            app.Lifetime.ApplicationStopped.Register(database.Dispose);
            app.MapPost("/row", async () =>
            {
                await using var command = database.CreateCommand("INSERT INTO raw_job (payload) SELECT payload FROM raw_payload");
                await command.ExecuteNonQueryAsync();
            });
            app.MapGet("/job/{id:guid}", async (Guid id) =>
            {
                await using var command = database.CreateCommand("SELECT to_jsonb(job)::text FROM job WHERE id = $1");
                command.Parameters.Add(new NpgsqlParameter { Value = id });
                return (string)(await command.ExecuteScalarAsync())!;
            });
        }
        await app.StartAsync();
        await File.WriteAllTextAsync(addressFile + ".new", app.Urls.Single());
        File.Move(addressFile + ".new", addressFile);
        await app.WaitForShutdownAsync();
        return 0;
    }
}
