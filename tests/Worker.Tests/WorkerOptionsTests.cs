namespace KdRobust.Worker.Tests;

public sealed class WorkerOptionsTests
{
    [Theory]
    [InlineData("--cores 0", "--cores '0': expected a whole number from 1 to 4096")]
    [InlineData("--cores many", "--cores 'many'")]
    [InlineData("--device tpu", "--device 'tpu': expected cpu or cuda")]
    [InlineData("--engine cron", "--engine 'cron': expected ")]
    [InlineData("--name a/b", "--name 'a/b'")]
    [InlineData("--gpus 0,0", "--gpus '0,0'")]
    [InlineData("--lease", "--lease needs a value")]
    [InlineData("--lease 5 --lease 6", "--lease is given twice")]
    [InlineData("--colour red", "'--colour' is no option here")]
    [InlineData("--data /nonexistent/kdr", "the data folder '/nonexistent/kdr' does not exist")]
    public void Wrong_option_is_named_with_what_was_expected(string line, string expected) =>
        Should.Throw<UsageException>(() => WorkerOptions.Parse(line.Split(' '))).Message.ShouldStartWith(expected);
}
