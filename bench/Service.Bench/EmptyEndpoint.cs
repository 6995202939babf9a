using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace KdRobust.Service.Bench;

/// <summary>A server that answers nothing: what the platform costs before anything of ours.</summary>
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
        await app.StartAsync();
        await File.WriteAllTextAsync(addressFile + ".new", app.Urls.Single());
        File.Move(addressFile + ".new", addressFile);
        await app.WaitForShutdownAsync();
        return 0;
    }
}
