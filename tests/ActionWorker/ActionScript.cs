using System.Text.Json;

namespace KdRobust.ActionWorker;

/// <summary>What can happen in an epoch.</summary>
public enum RunAction
{
    /// <summary>The process kills itself, as the kernel would when memory runs out.</summary>
    Kill,
    /// <summary>An exception nobody expected.</summary>
    Throw,
    /// <summary>An input that cannot be used.</summary>
    RefuseInput,
    /// <summary>A file that cannot be read for now.</summary>
    BadWeather,
    /// <summary>Never ends and hears no stop.</summary>
    Hang,
    /// <summary>Waits for a file <c>SEED.go</c>, hearing stops.</summary>
    Wait,
    /// <summary>Computes for a while without saying anything or hearing a stop.</summary>
    Busy,
    /// <summary>Breaks off in the middle of writing its checkpoint.</summary>
    BreakCheckpoint,
    /// <summary>Memory runs out, as libtorch says it.</summary>
    OutOfMemory,
    /// <summary>The device fails, as CUDA says it.</summary>
    BreakDevice,
    /// <summary>Leaves two MiB of temporary files and waits.</summary>
    FillTemp,
}

/// <summary>Something that happens at the start of an epoch, so many times over all attempts.</summary>
public sealed record ScriptedAction(int Epoch, RunAction Action, int Times = int.MaxValue, int Milliseconds = 0);

/// <summary>What the run of one job does; found by the job's seed in the data folder.</summary>
public sealed record ActionScript(int Epochs = 10, int MillisecondsPerEpoch = 20, int CheckpointBytes = 64, IReadOnlyList<ScriptedAction>? Actions = null)
{
    public static ActionScript Read(string folder, long seed) =>
        File.Exists(PathOf(folder, seed)) ? JsonSerializer.Deserialize<ActionScript>(File.ReadAllText(PathOf(folder, seed)))! : new ActionScript();

    public void Write(string folder, long seed) => File.WriteAllText(PathOf(folder, seed), JsonSerializer.Serialize(this));

    public static string GoFile(string folder, long seed) => Path.Combine(folder, $"{seed}.go");

    public static string LogFile(string folder, long seed) => Path.Combine(folder, $"{seed}.log");

    /// <summary>Holds one line for each time an action happened.</summary>
    public static string MarkerFile(string folder, long seed, int epoch, RunAction action) => Path.Combine(folder, $"{seed}.{epoch}.{action}");

    /// <summary>The "weights" after so many epochs: every epoch's depend on all before it.</summary>
    public static ulong StateAfter(long seed, int epochs)
    {
        var state = (ulong)seed;
        for (var epoch = 1; epoch <= epochs; epoch++)
            state = Step(state, epoch);
        return state;
    }

    public static ulong Step(ulong state, int epoch)
    {
        state += 0x9E3779B97F4A7C15UL * (ulong)epoch;
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9UL;
        state = (state ^ (state >> 27)) * 0x94D049BB133111EBUL;
        return state ^ (state >> 31);
    }

    /// <summary>The loss a state stands for, in [0, 1).</summary>
    public static double Loss(ulong state) => (state >> 11) * (1.0 / (1UL << 53));

    static string PathOf(string folder, long seed) => Path.Combine(folder, $"{seed}.json");
}
