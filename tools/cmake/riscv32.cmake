# Toolchain: bare-metal 32-bit RISC-V, Debian's riscv64-unknown-elf-gcc with
# picolibc. The version of the instruction set's specification is one in which
# rv32imac still has the CSR instructions: spelled _zicsr, as later ones want
# it, the compiler finds no such variant of the library and links the 64-bit one.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv32)
set(CMAKE_C_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_ASM_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY NEVER)

set(cpu "-march=rv32imac -misa-spec=2.2 -mabi=ilp32")
set(CMAKE_C_FLAGS_INIT "${cpu} --specs=picolibc.specs")
set(CMAKE_ASM_FLAGS_INIT "${cpu}")

# The board whose folder of ports/ is linked.
set(BM_BOARD virt)

# Test programs are started through this script, which boots them in QEMU.
set(CMAKE_CROSSCOMPILING_EMULATOR
    "${CMAKE_CURRENT_LIST_DIR}/../../ports/virt/run.sh")
