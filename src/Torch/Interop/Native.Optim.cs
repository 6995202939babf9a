using System.Runtime.InteropServices;

namespace KdRobust.Torch.Interop;

internal static partial class Native
{
    [LibraryImport(Library)] internal static partial int kt_optim_sgd_step(IntPtr[] parameters, [In, Out] IntPtr[] momentum_buffers, long count, double lr, double momentum, double dampening, double weight_decay, Flag nesterov, Flag maximize);
    [LibraryImport(Library)] internal static partial int kt_optim_adam_step(IntPtr[] parameters, IntPtr[] exp_avgs, IntPtr[] exp_avg_sqs, IntPtr[]? max_exp_avg_sqs, [In, Out] long[] steps, long count, double lr, double beta1, double beta2, double eps, double weight_decay, Flag decoupled, Flag maximize);
}
