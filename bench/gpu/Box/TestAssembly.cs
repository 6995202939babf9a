using System.Diagnostics;
using System.Reflection;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace KdRobust.Box;

/// <summary>Finds and runs the tests of one assembly by xunit's own framework.</summary>
static class TestAssembly
{
    /// <summary>Runs what matches; stops after the test during which the limit passes.</summary>
    /// <param name="assembly">Loaded.</param>
    /// <param name="only">Part of a test's name, or null for all.</param>
    /// <param name="limit">Longest time.</param>
    /// <param name="report">Told every end.</param>
    internal static void Run(Assembly assembly, string? only, TimeSpan limit, TestReport report)
    {
        using var framework = new XunitTestFramework(new Ignored());
        var cases = new List<ITestCase>();
        using (var discoverer = framework.GetDiscoverer(Reflector.Wrap(assembly)))
        using (var found = new Until<IDiscoveryCompleteMessage>(message =>
               {
                   if (message is ITestCaseDiscoveryMessage one && (only is null || one.TestCase.DisplayName.Contains(only, StringComparison.Ordinal))) cases.Add(one.TestCase);
                   return true;
               }))
        {
            discoverer.Find(false, found, new Options());
            found.Wait();
        }
        var begun = Stopwatch.GetTimestamp();
        using var executor = framework.GetExecutor(assembly.GetName());
        using var ended = new Until<ITestAssemblyFinished>(message => report.Tell(message) && Stopwatch.GetElapsedTime(begun) < limit);
        executor.RunTests(cases, ended, new Options());
        ended.Wait();
        if (Stopwatch.GetElapsedTime(begun) >= limit) report.CutShort(assembly.GetName().Name!, limit);
    }

    sealed class Ignored : LongLivedMarshalByRefObject, IMessageSink
    {
        public bool OnMessage(IMessageSinkMessage message) => true;
    }

    /// <summary>Hands messages on until one of a type comes.</summary>
    sealed class Until<T>(Func<IMessageSinkMessage, bool> next) : LongLivedMarshalByRefObject, IMessageSink, IDisposable
        where T : class
    {
        readonly ManualResetEventSlim _done = new();

        public bool OnMessage(IMessageSinkMessage message)
        {
            var goOn = next(message);
            if (message is T) _done.Set();
            return goOn;
        }

        internal void Wait() => _done.Wait();

        public void Dispose() => _done.Dispose();
    }

    /// <summary>xunit's options; all at their defaults but these.</summary>
    sealed class Options : ITestFrameworkDiscoveryOptions, ITestFrameworkExecutionOptions
    {
        readonly Dictionary<string, object?> _values = new(StringComparer.Ordinal) { ["xunit.execution.DisableParallelization"] = true };

        public TValue GetValue<TValue>(string name) => _values.TryGetValue(name, out var value) && value is TValue known ? known : default!;

        public void SetValue<TValue>(string name, TValue value) => _values[name] = value;
    }
}
