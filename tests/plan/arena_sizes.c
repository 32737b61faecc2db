/* arena_sizes HEIGHT WIDTH ...: prints the arena's size for each image size. */
#include <stdio.h>
#include <stdlib.h>

#include "model.h"

int main(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; i += 2) {
    printf("%zu\n", model_arena_size(atoi(argv[i]), atoi(argv[i + 1])));
  }
  return 0;
}
