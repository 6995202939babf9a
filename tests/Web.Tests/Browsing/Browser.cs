using System.Diagnostics;
using System.Globalization;

namespace KdRobust.Web.Tests.Browsing;

/// <summary>A real Chromium without a window, driven over its own protocol; pages of one browser share nothing.</summary>
sealed class Browser : IAsyncDisposable
{
    static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

    readonly string profile;
    readonly Process process;

    Browser(string profile, Process process, DevTools tools) => (this.profile, this.process, Tools) = (profile, process, tools);

    DevTools Tools { get; }

    /// <summary>Where a Chromium is, or null.</summary>
    public static string? Find() =>
        (from folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
         from name in Names
         let path = Path.Combine(folder, name)
         where File.Exists(path)
         select path).FirstOrDefault();

    /// <summary>Starts one, with a profile of its own that goes with it.</summary>
    public static async Task<Browser> Start()
    {
        var folder = Directory.CreateTempSubdirectory("kdr-web-tests-").FullName;
        var start = new ProcessStartInfo(Find() ?? throw new InvalidOperationException("chromium is not installed: ./kdr test installs it"))
        {
            UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true,
            ArgumentList =
            {
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--force-color-profile=srgb", "--remote-debugging-port=0", $"--user-data-dir={folder}", "about:blank",
            },
        };
        var chromium = Process.Start(start) ?? throw new InvalidOperationException("chromium does not start");
        var address = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        chromium.ErrorDataReceived += (_, line) =>
        {
            const string Says = "DevTools listening on ";
            if (line.Data?.IndexOf(Says, StringComparison.Ordinal) is >= 0 and var at) address.TrySetResult(new Uri(line.Data[(at + Says.Length)..].Trim()));
        };
        chromium.BeginErrorReadLine();
        chromium.BeginOutputReadLine();
        return new(folder, chromium, await DevTools.Connect(await address.Task.WaitAsync(TimeSpan.FromSeconds(60))));
    }

    /// <summary>A page with a session of its own.</summary>
    /// <param name="width">Width of the window in CSS pixels.</param>
    /// <param name="height">Its height.</param>
    public async Task<BrowserPage> NewPage(int width = 1280, int height = 800)
    {
        var context = (await Tools.Send("Target.createBrowserContext", new { })).GetProperty("browserContextId").GetString();
        var target = (await Tools.Send("Target.createTarget", new { url = "about:blank", browserContextId = context })).GetProperty("targetId").GetString();
        var session = (await Tools.Send("Target.attachToTarget", new { targetId = target, flatten = true })).GetProperty("sessionId").GetString()!;
        var page = new BrowserPage(Tools, session, context!);
        await page.Prepare(width, height);
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        await Tools.DisposeAsync();
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        Directory.Delete(profile, recursive: true);
    }

    internal static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);
}
