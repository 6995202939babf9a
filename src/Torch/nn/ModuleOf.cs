namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>A module with one input.</summary>
        /// <typeparam name="T">What <see cref="forward"/> takes.</typeparam>
        /// <typeparam name="TResult">What it returns.</typeparam>
        public abstract class Module<T, TResult> : Module
        {
            /// <summary>Creates a module of that kind.</summary>
            protected Module(string name)
                : base(name)
            {
            }

            /// <summary>Computes the module's output. Call <see cref="call"/> instead.</summary>
            public abstract TResult forward(T input);

            /// <summary>Computes the module's output.</summary>
            public TResult call(T input) => forward(input);
        }

        /// <summary>A module with two inputs, such as a loss of prediction and target.</summary>
        /// <typeparam name="T1">The first input.</typeparam>
        /// <typeparam name="T2">The second input.</typeparam>
        /// <typeparam name="TResult">What <see cref="forward"/> returns.</typeparam>
        public abstract class Module<T1, T2, TResult> : Module
        {
            /// <summary>Creates a module of that kind.</summary>
            protected Module(string name)
                : base(name)
            {
            }

            /// <summary>Computes the module's output. Call <see cref="call"/> instead.</summary>
            public abstract TResult forward(T1 input1, T2 input2);

            /// <summary>Computes the module's output.</summary>
            public TResult call(T1 input1, T2 input2) => forward(input1, input2);
        }
    }
}
