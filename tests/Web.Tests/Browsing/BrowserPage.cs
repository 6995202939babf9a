using System.Collections.Concurrent;
using System.Text.Json;

namespace KdRobust.Web.Tests.Browsing;

/// <summary>One page as a person has it: looked at, clicked, typed into. Whatever it complains about is kept.</summary>
sealed class BrowserPage(DevTools tools, string session, string context) : IAsyncDisposable
{
    const int LongestWaitMilliseconds = 45_000;

    static readonly string Script = Resource("page.js") + "\n" + Resource("accessibility.js");

    readonly ConcurrentQueue<string> complaints = new();
    readonly ConcurrentQueue<string> requests = new();
    TaskCompletionSource loaded = new();

    /// <summary>Errors in the console, uncaught exceptions, refused styles and scripts.</summary>
    public IReadOnlyCollection<string> Complaints => complaints;

    /// <summary>Every address it asked for.</summary>
    public IReadOnlyCollection<string> Requests => requests;

    public async Task Prepare(int width, int height)
    {
        tools.Told += Hear;
        foreach (var domain in (string[])["Page", "Runtime", "Log", "Network"]) await Send($"{domain}.enable", new { });
        await Send("Page.addScriptToEvaluateOnNewDocument", new { source = Script });
        await Resize(width, height);
    }

    public Task Resize(int width, int height) => Send("Emulation.setDeviceMetricsOverride", new { width, height, deviceScaleFactor = 1, mobile = false });

    /// <summary>As the operating system's setting says.</summary>
    public Task Scheme(string scheme) => Send("Emulation.setEmulatedMedia", new { features = new[] { new { name = "prefers-color-scheme", value = scheme }, new { name = "prefers-reduced-motion", value = "reduce" } } });

    /// <summary>Cuts or mends the network of this page.</summary>
    public Task Offline(bool offline) => Send("Network.emulateNetworkConditions", new { offline, latency = 0, downloadThroughput = -1, uploadThroughput = -1 });

    public async Task Open(string address)
    {
        loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
        // Only another fragment would not load anything.
        await Send("Page.navigate", new { url = "about:blank" });
        await loaded.Task.WaitAsync(TimeSpan.FromSeconds(30));
        loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await Send("Page.navigate", new { url = address });
        await loaded.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    /// <summary>Waits until an expression is true in the page; it is asked whenever the page draws.</summary>
    public async Task Until(string condition)
    {
        if (!await Ask<bool>($"kdr.until(() => {condition}, {LongestWaitMilliseconds})"))
            throw new TimeoutException($"not within {LongestWaitMilliseconds / 1000} s: {condition}\nthe page says:\n{await Ask<string>("document.body.innerText")}\nand complains: {string.Join('\n', complaints)}");
    }

    /// <summary>Waits until a text stands in the page.</summary>
    public Task Shows(string text) => Until($"kdr.text().includes({JsonSerializer.Serialize(text)})");

    /// <summary>Presses the button, link or field of an accessible name, at its middle, as a mouse does.</summary>
    public async Task Click(string name)
    {
        var found = JsonSerializer.Serialize(name);
        await Until($"kdr.named({found}) !== null");
        var at = await Ask<double[]>($"kdr.middle({found})");
        foreach (var type in (string[])["mouseMoved", "mousePressed", "mouseReleased"])
            await Send("Input.dispatchMouseEvent", new { type, x = at[0], y = at[1], button = type == "mouseMoved" ? "none" : "left", clickCount = type == "mouseMoved" ? 0 : 1 });
    }

    /// <summary>Presses one key: Tab, Enter, Escape, or a character.</summary>
    public async Task Press(string key)
    {
        var (code, text) = key switch { "Tab" => (9, (string?)null), "Enter" => (13, "\r"), "Escape" => (27, null), _ => (char.ToUpperInvariant(key[0]), key) };
        await Send("Input.dispatchKeyEvent", new { type = text is null ? "rawKeyDown" : "keyDown", key, windowsVirtualKeyCode = code, text = text ?? "" });
        await Send("Input.dispatchKeyEvent", new { type = "keyUp", key, windowsVirtualKeyCode = code });
    }

    /// <summary>Moves by Tab until what has the focus is called so.</summary>
    public async Task TabTo(string name)
    {
        for (var i = 0; i < 80; i++)
        {
            await Press("Tab");
            if (await Ask<string>("kdr.name(document.activeElement)") == name) return;
        }
        throw new InvalidOperationException($"80 tabs do not reach '{name}'; the page says:\n{await Ask<string>("document.body.innerText")}");
    }

    public Task Type(string text) => Send("Input.insertText", new { text });

    /// <summary>The value of an expression, awaited.</summary>
    public async Task<T> Ask<T>(string expression)
    {
        var answer = await Send("Runtime.evaluate", new { expression, awaitPromise = true, returnByValue = true });
        if (answer.TryGetProperty("exceptionDetails", out var problem)) throw new InvalidOperationException($"{expression}: {problem.GetRawText()}");
        return answer.GetProperty("result").TryGetProperty("value", out var value) ? value.Deserialize<T>()! : default!;
    }

    /// <summary>What is wrong with the page for who cannot see it well, and whether it is wider than its window.</summary>
    public async Task<IReadOnlyList<string>> Problems() => await Ask<string[]>("kdr.problems()");

    /// <summary>Writes a picture of the whole page.</summary>
    public async Task Picture(string file)
    {
        var height = await Ask<int>("document.documentElement.scrollHeight");
        var width = await Ask<int>("innerWidth");
        var picture = await Send("Page.captureScreenshot", new { format = "png", captureBeyondViewport = true, clip = new { x = 0, y = 0, width, height, scale = 1 } });
        await File.WriteAllBytesAsync(file, picture.GetProperty("data").GetBytesFromBase64());
    }

    public async ValueTask DisposeAsync()
    {
        tools.Told -= Hear;
        await tools.Send("Target.disposeBrowserContext", new { browserContextId = context });
    }

    Task<JsonElement> Send(string method, object parameters) => tools.Send(method, parameters, session);

    void Hear(object? sender, ToldEventArgs told)
    {
        if (told.Session != session) return;
        var said = told.Said;
        switch (told.Method)
        {
            case "Page.loadEventFired": loaded.TrySetResult(); break;
            case "Network.requestWillBeSent": requests.Enqueue(said.GetProperty("request").GetProperty("url").GetString()!); break;
            case "Runtime.exceptionThrown": complaints.Enqueue(said.GetProperty("exceptionDetails").GetRawText()); break;
            case "Runtime.consoleAPICalled" when said.GetProperty("type").GetString() is "error" or "warning" or "assert": complaints.Enqueue(said.GetProperty("args").GetRawText()); break;
            case "Log.entryAdded" when said.GetProperty("entry").GetProperty("level").GetString() is "error" or "warning": complaints.Enqueue(said.GetProperty("entry").GetRawText()); break;
        }
    }

    static string Resource(string name)
    {
        using var reader = new StreamReader(typeof(BrowserPage).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not in the assembly"));
        return reader.ReadToEnd();
    }
}
