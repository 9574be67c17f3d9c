from tfops.cli import main

if __name__ == "__main__":
    main()
